"""What worker tests share: an owner, a farm, and orders whose tokens are really signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.genesis import sign_genesis, twin_id
from understudy_api.grant import Grant, sign_grant
from understudy_api.order import Content, Delivery, Order, OrderedUse, TwinPin, VideoOutput
from understudy_api.terms import Assignee, Quota, Terms, sign_license

UID = "0c8f2b1e-0000-4000-8000-000000000000"
LANDSCAPE = VideoOutput(name="landscape", width=320, height=180)
STORY = VideoOutput(name="story", width=180, height=320)


@dataclass(frozen=True)
class Signers:
    """An owner and a farm with their keys; writes orders that hold at `now` (Unix seconds)."""

    owner: OKPKey = field(default_factory=token.new_key)
    farm: OKPKey = field(default_factory=token.new_key)
    now: int = 1_750_000_000

    @property
    def genesis(self) -> str:
        return sign_genesis(self.owner, "Ada", self.now, "0" * 32)

    def license(self, **changes: Any) -> str:
        terms: dict[str, Any] = {
            "iss": token.thumbprint(self.owner),
            "aud": token.thumbprint(self.farm),
            "jti": "acme-spring-1",
            "iat": self.now,
            "nbf": self.now,
            "exp": self.now + 86_400,
            "assignee": Assignee(namespace="acme"),
            "twin": twin_id(self.genesis),
            "purposes": ("advertising",),
            "channels": ("social",),
            "territories": ("DE", "GB"),
            "languages": ("en", "de"),
            "quota": Quota(seconds=10_000),
        }
        return sign_license(self.owner, Terms.model_validate({**terms, **changes}))

    def grant(self, order: Order, **changes: Any) -> str:
        grant: dict[str, Any] = {
            "iss": token.thumbprint(self.farm),
            "aud": order.pool,
            "sub": order.uid,
            "order": order.digest,
            "license": digest_bytes(order.license.encode()),
            "twin_version": order.twin.version,
            "seconds": 600,
            "iat": self.now,
            "exp": self.now + 900,
        }
        return sign_grant(self.farm, Grant.model_validate({**grant, **changes}))

    def order(self, grant: dict[str, Any] | None = None, **changes: Any) -> Order:
        """An order of two rows in two locales and two outputs, `changes` applied, with a grant that fits it."""
        genesis, license_ = self.genesis, changes.pop("license", None) or self.license()
        scenes = changes.pop("scenes", {"en-GB": ("Hello {name}! Spring is here.",), "de-DE": ("Hallo {name}!",)})
        content = Content(
            script_locale="en-GB",
            scenes=scenes,
            key=changes.pop("key", "id"),
            rows_s3_key="orders/rows.jsonl",
            rows_digest="b" * 64,
            rows_count=2,
        )
        base: dict[str, Any] = {
            "uid": UID,
            "generation": 1,
            "namespace": "acme",
            "job": "spring",
            "pool": "default",
            "twin": TwinPin(id=twin_id(genesis), version="c" * 64),
            "genesis": genesis,
            "license": license_,
            "use": OrderedUse(purpose="advertising", channels=("social",), territories=("DE",)),
            "content": content,
            "locales": tuple(scenes),
            "outputs": (LANDSCAPE, STORY),
            "delivery": Delivery(bucket="understudy-outputs", prefix="acme/spring/"),
            "grant": license_,
        }
        order = Order.model_validate({**base, **changes})
        return order.model_copy(update={"grant": self.grant(order, **(grant or {}))})


@pytest.fixture(scope="session")
def signers() -> Signers:
    return Signers()


@pytest.fixture(scope="session")
def write_order(signers: Signers) -> Callable[..., Order]:
    """Writes an order that is permitted; keyword arguments change its fields."""
    return signers.order
