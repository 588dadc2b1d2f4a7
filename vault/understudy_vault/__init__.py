"""The vault: the only process that can unwrap the key of a twin."""
