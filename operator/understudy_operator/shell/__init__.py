"""Reads and writes the outside world for the pure core."""
