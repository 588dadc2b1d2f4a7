"""How much the license rule costs: signature checks and `permits`, on one core."""

from __future__ import annotations

import time

from bench.measure import Measurement
from understudy_api import token
from understudy_api.genesis import sign_genesis
from understudy_api.keyring import Keyring, read_keyring
from understudy_api.permits import Usage, Use, permits
from understudy_api.terms import License, Terms, read_license, sign_license

SECONDS = 1.0


def run() -> list[Measurement]:
    """Licenses verified and judged per second."""
    owner, farm = token.new_key(), token.thumbprint(token.new_key())
    keyring = read_keyring(sign_genesis(owner, "Ada", 0, "0" * 32))
    assert isinstance(keyring, Keyring)
    terms = Terms(
        iss=token.thumbprint(owner),
        aud=farm,
        jti="bench-license",
        iat=0,
        nbf=0,
        exp=2**37,
        assignee={"namespace": "acme"},
        twin=keyring.twin_id,
        purposes=("advertising",),
        channels=("social",),
        territories=("DE",),
        languages=("de",),
        quota={"seconds": 3600},
    )
    use = Use(
        farm=farm,
        namespace="acme",
        twin=keyring.twin_id,
        purpose="advertising",
        channels=("social",),
        territories=("DE",),
        locales=("de-DE",),
        seconds=10,
    )
    text = sign_license(owner, terms)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        checked = read_license(text, keyring)
        assert isinstance(checked, License)
        assert permits(checked.terms, use, Usage(), 1.0).permitted
        count += 1
    rate = count / (time.perf_counter() - start)
    return [Measurement("verify + permits", rate, "licenses/s", bar=2000)]
