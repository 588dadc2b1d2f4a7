"""Moderation: what is said, held against term lists, the declared use and the license, before a frame is made."""
