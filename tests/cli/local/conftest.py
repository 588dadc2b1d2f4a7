"""The administrator's view, for tests of the rights that `up` sets up."""

from operator_site import admin

__all__ = ["admin"]
