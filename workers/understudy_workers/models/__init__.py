"""One network family, or one speech engine, per file."""
