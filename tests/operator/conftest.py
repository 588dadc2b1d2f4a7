"""The operator's site, as fixtures of every test in this folder."""

from operator_site import admin, new_tenant, operator_process, operator_site, pool

__all__ = ["admin", "new_tenant", "operator_process", "operator_site", "pool"]
