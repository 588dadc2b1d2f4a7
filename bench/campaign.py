"""A campaign for benches: one twin, six sentences that differ in every row, two formats, everything signed."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.genesis import sign_genesis, twin_id
from understudy_api.grant import Grant, sign_grant
from understudy_api.order import Content, Delivery, Order, OrderedUse, TwinPin, VideoOutput
from understudy_api.terms import Assignee, Quota, Terms, sign_license

ROOT = Path(__file__).parent.parent
OUTPUTS = (VideoOutput(name="landscape", width=1280, height=720), VideoOutput(name="story", width=1080, height=1920))
SENTENCES = (
    "Hello {name}, it is so good to see you again!",
    "We have looked after {name} since the very first day.",
    "Spring is here at last, {name}, and so is something new.",
    "The new styles start at {price} euros, in every size.",
    "Come in and try {count} of them on, whenever you like.",
    "See you soon, {name}, in our shop around the corner.",
)
NAMES = ("Mia", "Noor", "Emil", "Amara", "Luca", "Ines", "Yuki", "Tariq")


@dataclass(frozen=True)
class Owner:
    """A made-up rights holder."""

    key: OKPKey = field(default_factory=token.new_key)

    @property
    def genesis(self) -> str:
        """The record that founds the one twin of this owner."""
        return sign_genesis(self.key, "Ada", 0, "0" * 32)


def rows(start: int, count: int) -> list[dict[str, str]]:
    """Rows no two of which share a sentence."""
    return [
        {"id": str(n), "name": f"{NAMES[n % len(NAMES)]} {n}", "price": str(1000 + n), "count": str(100 + n)}
        for n in range(start, start + count)
    ]


def as_lines(given: list[dict[str, str]]) -> bytes:
    """Rows as the JSON Lines object of an order."""
    return "".join(json.dumps(row) + "\n" for row in given).encode()


def order_of(
    owner: Owner, farm_key: OKPKey, version: str, given: list[dict[str, str]], performers: tuple[str, ...] = ()
) -> Order:
    """An order of these rows with a license and a grant that allow it to these performers."""
    uid, genesis, data, now = str(uuid.uuid4()), owner.genesis, as_lines(given), int(time.time())
    terms = Terms(
        iss=token.thumbprint(owner.key),
        aud=token.thumbprint(farm_key),
        jti="bench-license",
        iat=0,
        nbf=0,
        exp=4_102_444_800,
        assignee=Assignee(namespace="acme"),
        twin=twin_id(genesis),
        purposes=("advertising",),
        channels=("social",),
        territories=("GB",),
        languages=("en",),
        quota=Quota(seconds=10**9),
    )
    order = Order(
        uid=uid,
        generation=1,
        namespace="acme",
        job="bench",
        pool="default",
        twin=TwinPin(id=terms.twin, version=version),
        genesis=genesis,
        license=sign_license(owner.key, terms),
        use=OrderedUse(purpose="advertising", channels=("social",), territories=("GB",)),
        content=Content(
            script_locale="en-GB",
            scenes={"en-GB": SENTENCES},
            key="id",
            rows_s3_key=f"orders/{uid}/{digest_bytes(data)}.jsonl",
            rows_digest=digest_bytes(data),
            rows_count=len(given),
        ),
        locales=("en-GB",),
        outputs=OUTPUTS,
        delivery=Delivery(bucket="understudy-outputs", prefix=f"acme/{uid}/"),
        grant="a.b.c" + "c" * 16,
    )
    grant = Grant(
        iss=terms.aud,
        aud=order.pool,
        sub=uid,
        order=order.digest,
        license=digest_bytes(order.license.encode()),
        keys=order.twin.id,
        twin_version=version,
        seconds=10**9,
        performers=performers,
        iat=now,
        exp=now + 900,
    )
    return order.model_copy(update={"grant": sign_grant(farm_key, grant)})
