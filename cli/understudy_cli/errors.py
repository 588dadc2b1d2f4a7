"""The one kind of error a person reads without a traceback."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can act on: one line saying what, where, wanted, got and the cure; exit code 1."""
