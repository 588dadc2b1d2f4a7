"""Who may ask under which license: genesis, key records and license verified, another brand's license kept secret."""

from __future__ import annotations

from dataclasses import dataclass

from understudy_api import token
from understudy_api.keyring import Keyring, read_keyring
from understudy_api.permits import NOT_FOUND
from understudy_api.terms import LICENSE_TYPE, License, read_license
from understudy_api.verdict import Refusal
from understudy_operator.core.state import LicenseView, TwinView


@dataclass(frozen=True)
class Rights:
    """Tokens whose signatures hold and that name each other. Windows, clauses and quota are not asked yet."""

    keyring: Keyring
    license: License


def rights(twin: TwinView, license_: LicenseView | None, namespace: str) -> Rights | Refusal:
    """The rights `namespace` asks under, or why there are none.

    A license for another brand is refused in the very words of a missing one, also when it is broken.
    """
    if license_ is None or _is_for_another(license_.token, namespace):
        return NOT_FOUND
    keyring = read_keyring(twin.genesis, twin.word.key_records)
    if isinstance(keyring, Refusal):
        return Refusal(
            reason="TwinNotValid",
            message=f"twinRef: {twin.namespace}/{twin.name}: its genesis or key records do not hold; ask the owner",
        )
    found = read_license(license_.token, keyring)
    if isinstance(found, Refusal):
        return found
    return twin.word.erased or Rights(keyring, found)


def _is_for_another(license_token: str, namespace: str) -> bool:
    """True when the token says that somebody else may use it, whether or not its signature holds."""
    claims = token.unverified(license_token, LICENSE_TYPE)
    if isinstance(claims, Refusal):
        return False
    assignee = claims.get("assignee")
    return isinstance(assignee, dict) and assignee.get("namespace") != namespace
