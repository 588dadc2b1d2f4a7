"""One verb per file; a stage never imports a stage."""
