"""How much rights cost: signature checks, `permits` and proofs of receipts, on one core, in the processor's own seconds."""

from __future__ import annotations

import time

from bench.measure import Measurement
from understudy_api import token
from understudy_api.genesis import sign_genesis
from understudy_api.grant import Grant, sign_grant
from understudy_api.keyring import Keyring, read_keyring
from understudy_api.permits import Size, Usage, Use, permits
from understudy_api.proof import Signature, fault
from understudy_api.receipt import MAX_SEGMENT_ITEMS, Receipt, Segment, Totals
from understudy_api.terms import License, Terms, read_license, sign_license

SECONDS = 2.0
EVERY_CLAUSE = {
    "assignee": {"namespace": "acme", "brand": "Acme GmbH"},
    "purposes": ["advertising"],
    "channels": ["social", "web"],
    "territories": ["EU", "CH", "JP-13"],
    "languages": ["de", "en", "fr"],
    "formats": [{"aspect": "landscape", "max_height": 1080}],
    "max_item_seconds": 30,
    "publish_until": 2**36,
    "excluded_categories": ["Politics"],
    "quota": {"seconds": 3600, "items": 500, "concurrent": 2},
    "age": {"minimum": 25, "maximum": 40},
    "disclosures": ["Paid partnership"],
    "exclusive": True,
    "status": {"index": 7, "ttl_seconds": 300},
    "royalty": {
        "currency": "EUR",
        "per_second_micros": 250_000,
        "splits": [{"role": "owner", "payee": "p-1", "share_millionths": 1_000_000}],
    },
}


def run() -> list[Measurement]:
    """Licenses verified and judged per second of processor time, all clauses in use."""
    owner, farm = token.new_key(), token.thumbprint(token.new_key())
    keyring = read_keyring(sign_genesis(owner, "Ada", 0, "0" * 32))
    assert isinstance(keyring, Keyring)
    own = {"iss": keyring.owner, "aud": farm, "jti": "bench-license", "iat": 0, "nbf": 0, "exp": 2**36}
    text = sign_license(owner, Terms.model_validate({**EVERY_CLAUSE, **own, "twin": keyring.twin_id}))
    use, usage = _use(farm, keyring.twin_id), Usage(status="valid", status_iat=1)
    count, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        checked = read_license(text, keyring)
        assert isinstance(checked, License)
        assert permits(checked.terms, use, usage, 2.0).permitted
        count += 1
    rate = count / (time.process_time() - start)
    return [
        Measurement("verify + permits", rate, "licenses/s", bar=2000, note=f"token of {len(text):,} bytes"),
        *_receipts(),
    ]


def _receipts() -> list[Measurement]:
    """Receipts signed by a performer, and verified by the operator in whole segments, per second of processor time."""
    farm, performer = token.new_key(), Signature(token.new_key())
    claims = {"iss": token.thumbprint(farm), "performers": (performer.performer,), "sub": "bench-order"}
    digests = dict.fromkeys(("order", "license", "account", "keys", "twin_version"), "a" * 64)
    times = {"aud": "default", "seconds": 1e6, "iat": 0, "exp": 900}
    grant = sign_grant(farm, Grant.model_validate({**claims, **digests, **times}))
    item = {"row": "r", "locale": "en-GB", "output": "story", "outcome": "done", "metered_seconds": 2}
    plain = [
        Receipt.model_validate({**item, "item": f"{number:064x}", "ordinal": number})
        for number in range(MAX_SEGMENT_ITEMS)
    ]
    start = time.process_time()
    receipts = tuple(performer.under(one, "bench-order", "a" * 64, grant) for one in plain)
    signing = len(receipts) / (time.process_time() - start)
    made = Segment(
        uid="bench-order",
        sequence=0,
        director="bench",
        order="a" * 64,
        generation=1,
        written_at=0,
        receipts=receipts,
        keys=(performer.x,),
        grants=(grant,),
        totals=Totals(),
    )
    count, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        assert fault(made, "bench-order", "a" * 64, farm) is None
        count += len(receipts)
    verifying = count / (time.process_time() - start)
    return [
        Measurement(
            "receipts signed", signing, "receipts/s", note="by a performer, beside an item that takes 0.1 s or more"
        ),
        Measurement("receipts verified", verifying, "receipts/s", bar=2000, note="by the operator, 500 a segment"),
    ]


def _use(farm: str, twin: str) -> Use:
    return Use(
        farm=farm,
        namespace="acme",
        twin=twin,
        purpose="advertising",
        channels=("social",),
        territories=("DE", "JP-13"),
        locales=("de-DE",),
        formats=(Size(width=1280, height=720),),
        categories=("473",),
        disclosures=("Paid partnership",),
        publish_until=2**35,
        apparent_age=30,
        seconds=10,
        item_seconds=10,
        items=1,
    )
