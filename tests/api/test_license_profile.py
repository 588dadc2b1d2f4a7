"""The page that explains the profile names every field of the terms, and no other."""

import re
from pathlib import Path

from understudy_api.term_parts import Allows, Quota
from understudy_api.terms import Terms

PAGE = (Path(__file__).parents[2] / "docs" / "license-profile.md").read_text(encoding="utf-8")
WHOLE = {"assignee", "quota", "allows"}


def test_every_field_has_a_row() -> None:
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \| (.+?) \|.*\| (.+?) \|$", PAGE, re.MULTILINE)
    parts = {f"quota.{name}" for name in Quota.model_fields} | {f"allows.{name}" for name in Allows.model_fields}
    assert {name for name, *_ in rows} == (set(Terms.model_fields) - WHOLE) | parts | {
        "assignee.namespace",
        "assignee.brand",
    }
    for name, term, kind in rows:
        assert "`" in term, name
        assert re.match(r"enforced|declared|recorded", kind), name
