from pathlib import Path
from typing import Any

import pytest
import yaml

from understudy_api.crd import Kind, definition, structural
from understudy_api.kinds import KINDS, main, rendered

FORBIDDEN = {"$ref", "$defs", "anyOf", "oneOf", "allOf", "title", "const", "exclusiveMinimum", "exclusiveMaximum"}
by_name = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)


def nodes(schema: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every schema node below (and with) one, with its path."""
    found = [(path, schema)]
    for name, child in schema.get("properties", {}).items():
        found += nodes(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            found += nodes(schema[key], f"{path}[]")
    return found


@by_name
def test_schema_is_structural(kind: Kind) -> None:
    for path, node in nodes(structural(kind.spec)) + nodes(structural(kind.status)):
        assert not FORBIDDEN & set(node), path
        assert "type" in node or node.get("x-kubernetes-preserve-unknown-fields"), path
        assert node.get("additionalProperties") is not False, path


@by_name
def test_every_field_explains_itself(kind: Kind) -> None:
    for model in (kind.spec, kind.status):
        for path, node in nodes(structural(model)):
            if path and not path.endswith("[]"):
                assert len(node.get("description", "")) > 5, path


@by_name
def test_every_list_map_and_string_of_a_spec_is_bounded(kind: Kind) -> None:
    for path, node in nodes(structural(kind.spec)):
        if node.get("type") == "array":
            assert "maxItems" in node, path
        if node.get("type") == "string" and "enum" not in node:
            assert "maxLength" in node, path
        if (
            node.get("type") == "object"
            and isinstance(node.get("additionalProperties"), dict)
            and ".rows[]" not in path
        ):
            assert "maxProperties" in node, path


@by_name
def test_definition_has_status_columns_and_category(kind: Kind) -> None:
    spec = definition(kind)["spec"]
    version = spec["versions"][0]
    assert version["subresources"] == {"status": {}}
    assert spec["names"]["categories"] == ["understudy"]
    assert version["additionalPrinterColumns"][-1]["name"] in {"Age", "Until"}


def test_files_are_written_once_and_checked(tmp_path: Path) -> None:
    assert main(tmp_path, check=True) == 1
    assert main(tmp_path, check=False) == 0
    assert main(tmp_path, check=True) == 0
    (tmp_path / "licenses.yaml").write_text("changed")
    assert main(tmp_path, check=True) == 1


@by_name
def test_yaml_round_trips(kind: Kind) -> None:
    assert yaml.safe_load(rendered(kind)) == definition(kind)
