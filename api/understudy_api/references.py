"""References between objects."""

from __future__ import annotations

from pydantic import Field

from understudy_api.model import Name, ObjectName, Resource


class ObjectReference(Resource):
    """A namespaced object."""

    namespace: Name = Field(description="Namespace of the object.")
    name: ObjectName = Field(description="Name of the object.")


class LocalReference(Resource):
    """An object without, or in the same, namespace."""

    name: ObjectName = Field(description="Name of the object.")
