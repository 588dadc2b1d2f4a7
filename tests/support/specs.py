"""A spec of every kind that its schema admits."""

from __future__ import annotations

from typing import Any

from understudy_api import token

JWS = token.sign(token.new_key(), "example+jwt", {"n": 1})
SPECS: dict[str, dict[str, Any]] = {
    "RenderJob": {
        "twinRef": {"namespace": "talent", "name": "ada"},
        "licenseRef": {"namespace": "talent", "name": "spring"},
        "use": {"purpose": "advertising", "channels": ["social"], "territories": ["DE"]},
        "script": {"scenes": [{"say": "Hello {name}."}]},
        "locales": ["en-GB"],
        "outputs": [{"name": "wide", "width": 640, "height": 360}],
    },
    "TwinModel": {"genesis": JWS, "capture": {"s3": "s3://understudy-outputs/talent/capture.mp4"}},
    "License": {"twinRef": {"name": "ada"}, "token": JWS},
    "OwnerAct": {"twinRef": {"name": "ada"}, "act": JWS},
    "ConsentRequest": {
        "twinRef": {"name": "ada"},
        "licenseRef": {"name": "spring"},
        "jobRef": {"namespace": "acme", "name": "spring"},
        "awaits": "reviewer",
        "digest": "a" * 64,
        "subject": "{}",
        "sentences": {
            "s3": "s3://understudy-outputs/talent/consent/x",
            "sha256": "b" * 64,
            "form": "sentences",
            "entries": 1,
        },
    },
    "RenderPool": {"embedded": {}},
}
