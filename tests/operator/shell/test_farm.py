"""The farm's identity: opened from a private key file, or a one-line mistake."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from understudy_api import token
from understudy_api.grant import MAX_GRANT_SECONDS, Grant, read_grant
from understudy_api.settings import BucketNames, SettingsError
from understudy_operator.shell.farm import Farm

DIGEST = "d" * 64


def opened(path: Path) -> Farm:
    settings: Any = SimpleNamespace(farm_key_file=path, buckets=BucketNames(), demand_capture_consent=True)
    return Farm.open(settings)


def test_a_sealed_grant_is_read_with_the_public_key(tmp_path: Path) -> None:
    key, path = token.new_key(), tmp_path / "farm.jwk"
    path.write_text(json.dumps(key.as_dict(private=True)))
    farm, now = opened(path), int(time.time())
    assert farm.view.thumbprint == token.thumbprint(key)
    grant = Grant(
        iss=farm.view.thumbprint,
        aud="default",
        sub="uid-12345678",
        order=DIGEST,
        license=DIGEST,
        keys=DIGEST,
        twin_version=DIGEST,
        seconds=10,
        iat=now,
        exp=now + MAX_GRANT_SECONDS,
    )
    public = token.load_key(json.dumps(key.as_dict(private=False)))
    assert read_grant(farm.seal(grant), public, now) == grant
    assert "d=" not in repr(farm)


@pytest.mark.parametrize("content", [None, "not json", "{}", "public"])
def test_a_key_that_cannot_sign_is_said_in_one_line(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "farm.jwk"
    if content == "public":
        path.write_text(json.dumps(token.public_jwk(token.new_key())))
    elif content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError) as caught:
        opened(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
