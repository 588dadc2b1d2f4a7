"""The rendering plane: director, performers, the pipeline they run, and the training of twins."""
