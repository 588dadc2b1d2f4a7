"""Who may ask under which license: genesis and license tokens verified, another brand's license kept secret."""

from __future__ import annotations

from dataclasses import dataclass

from understudy_api import token
from understudy_api.genesis import Genesis, read_genesis
from understudy_api.permits import NOT_FOUND
from understudy_api.terms import LICENSE_TYPE, License, read_license
from understudy_api.verdict import Refusal
from understudy_operator.core.state import LicenseView, TwinView


@dataclass(frozen=True)
class Rights:
    """Tokens whose signatures hold and that name each other. Windows, clauses and quota are not asked yet."""

    genesis: Genesis
    license: License


def rights(twin: TwinView, license_: LicenseView | None, namespace: str) -> Rights | Refusal:
    """The rights `namespace` asks under, or why there are none.

    A license for another brand is refused in the very words of a missing one, also when it is broken.
    """
    if license_ is None or _is_for_another(license_.token, namespace):
        return NOT_FOUND
    genesis = read_genesis(twin.genesis)
    if isinstance(genesis, Refusal):
        return Refusal(
            reason="TwinNotValid",
            message=f"twinRef: {twin.namespace}/{twin.name}: its genesis record is not signed by the key it names; "
            "ask the owner",
        )
    found = read_license(license_.token, genesis)
    if isinstance(found, Refusal):
        return found
    return Rights(genesis, found)


def _is_for_another(license_token: str, namespace: str) -> bool:
    """True when the token says that somebody else may use it, whether or not its signature holds."""
    claims = token.unverified(license_token, LICENSE_TYPE)
    if isinstance(claims, Refusal):
        return False
    assignee = claims.get("assignee")
    return isinstance(assignee, dict) and assignee.get("namespace") != namespace
