"""The farm on one machine."""
