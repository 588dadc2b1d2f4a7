"""Custom resource definitions from pydantic models.

Structural schemas (Kubernetes API conventions, apiextensions v1) refuse what pydantic emits for references, optional
fields and closed objects; here they are flattened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from understudy_api.model import GROUP, VERSION

_DROPPED: Final = {"title", "discriminator", "propertyNames", "$defs"}
_INT64_FORMAT: Final = {"integer": "int64"}


@dataclass(frozen=True)
class Column:
    """A column of `kubectl get`."""

    name: str
    type: str
    json_path: str


@dataclass(frozen=True)
class Kind:
    """One custom resource: its models and how kubectl shows it."""

    kind: str
    plural: str
    short_names: tuple[str, ...]
    spec: type[BaseModel]
    status: type[BaseModel]
    description: str
    columns: tuple[Column, ...]
    spec_rules: tuple[dict[str, str], ...] = ()
    namespaced: bool = True


def rules(*given: dict[str, str]) -> dict[str, Any]:
    """CEL rules of a field, for `json_schema_extra`; each has `rule` and `message`."""
    return {"x-kubernetes-validations": list(given)}


def definition(kind: Kind) -> dict[str, Any]:
    """The CustomResourceDefinition of a kind, ready for YAML."""
    spec = structural(kind.spec)
    if kind.spec_rules:
        spec["x-kubernetes-validations"] = [dict(rule) for rule in kind.spec_rules]
    schema = {
        "type": "object",
        "description": kind.description,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": spec,
            # Nobody has looked yet: else kstatus took an object without a status for one that is as it should be.
            "status": {**structural(kind.status), "default": {"observedGeneration": -1}},
        },
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.kind.lower(),
                "shortNames": list(kind.short_names),
                "categories": ["understudy"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [
                        {"name": c.name, "type": c.type, "jsonPath": c.json_path} for c in kind.columns
                    ],
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def structural(model: type[BaseModel]) -> dict[str, Any]:
    """The structural schema of a model."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    flat: dict[str, Any] = _flatten(schema, schema.get("$defs", {}))
    return flat


def _flatten(node: Any, defs: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_flatten(entry, defs) for entry in node]
    if not isinstance(node, dict):
        return node
    node = _without_null(_resolved(node, defs))
    if "$ref" in node:
        return _flatten(node, defs)
    flat: dict[str, Any] = {}
    for key, value in node.items():
        if key in _DROPPED or (key == "additionalProperties" and value is False):
            continue
        if key == "properties":
            flat[key] = {name: _flatten(child, defs) for name, child in value.items()}
        elif key == "const":
            flat["enum"] = [value]
        elif key == "additionalProperties" and value is True:
            # Not as a schema of its own: an untyped value hides the whole field from CEL.
            flat["x-kubernetes-preserve-unknown-fields"] = True
        elif key == "default":
            if value is not None:
                flat[key] = value
        else:
            flat[key] = _flatten(value, defs)
    if flat.get("type") in _INT64_FORMAT:
        flat["format"] = _INT64_FORMAT[flat["type"]]
    return flat


def _resolved(node: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """A node with its reference replaced by what it points to; the node's own words win."""
    if "$ref" not in node:
        return node
    target = defs[node["$ref"].rsplit("/", 1)[-1]]
    return {**target, **{key: value for key, value in node.items() if key != "$ref"}}


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    """`anyOf: [X, null]` becomes X: absence is how Kubernetes says null."""
    options = [option for option in node.get("anyOf", []) if option.get("type") != "null"]
    if "anyOf" not in node or len(options) != 1:
        return node
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**options[0], **rest}
