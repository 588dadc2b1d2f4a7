"""Where status lists come from, and what is known of one license's place in them: shared by operator and director.

A list lies on the farm itself, delivered as an OwnerAct, or at an https address that the license names. Such an address
is an owner's word, not the farm's: nobody follows it to a private place unless the farm's settings say so.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.model import Digest, Model
from understudy_api.status_list import Status, StatusList
from understudy_api.term_parts import StatusEntry
from understudy_api.terms import LICENSE_TYPE
from understudy_api.use import Usage
from understudy_api.verdict import Refusal

LEAST_POLL_SECONDS: Final = 5.0
FETCH_SECONDS: Final = 5.0
"""How long one address has for its whole answer."""
STATUS_MEDIA_TYPE: Final = "application/statuslist+jwt"
FARM: Final = "farm"
"""The source of lists that were delivered to the farm."""

_UNICAST: Final = ipaddress.IPv6Network("2000::/3")

Host = Annotated[str, Field(pattern=r"^[a-z0-9.:\[\]-]{1,260}$")]


class StatusSettings(Model):
    """How a farm's process gets lists and, where it is the operator, serves them."""

    allowed_hosts: tuple[Host, ...] = Field(default=(), max_length=64)
    """`host` or `host:port` whose lists may lie at private or loopback addresses; all others have to be public."""
    ca_file: Path | None = None
    """PEM bundle that vouches for the hosts that owners name; None trusts the system's authorities."""
    host: IPv4Address = IPv4Address("127.0.0.1")
    """Of the operator: the address it serves the farm's own lists on; beyond loopback over TLS alone."""
    port: int | None = Field(default=None, ge=1, le=65_535)
    """Of the operator: where it serves them; None: nowhere."""
    tls_cert: Path | None = None
    """Of the operator: what it proves itself with, a PEM chain; None: it serves plain HTTP."""
    tls_key: Path | None = None
    """Of the operator: the certificate's key."""
    farm_url: str | None = Field(
        default=None, max_length=512, pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])"
    )
    """Of the pool: where the director asks for the farm's own lists, `/v1/status/<twin>` below it; None: it does not."""
    farm_ca_file: Path | None = None
    """Of the pool: PEM bundle that vouches for `farm_url` and for no other host; None trusts the system's authorities."""

    @model_validator(mode="after")
    def _plain_http_stays_on_loopback(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("wanted both tls_cert and tls_key, or neither")
        if self.tls_cert is None and not self.host.is_loopback:
            raise ValueError(f"host {self.host}: beyond loopback wanted tls_cert and tls_key, got none; name both")
        return self


@dataclass(frozen=True)
class Place:
    """An https address, taken apart."""

    host: str
    port: int
    target: str
    """Path and query."""


def place(uri: str) -> Place | str:
    """Where a list lies; one line when that is no address to ask."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port or 443
    except ValueError as error:
        return f"{uri[:120]!r}: is no address ({error})"
    if parts.scheme != "https" or not host or parts.username is not None or not _is_plain(uri):
        return f"{uri[:120]!r}: wanted https://host/path in ASCII without a user"
    return Place(host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def _is_plain(uri: str) -> bool:
    return uri.isascii() and uri.isprintable() and " " not in uri


def addresses_problem(where: Place, addresses: Iterable[str], settings: StatusSettings) -> str | None:
    """Why nobody connects to `where`, which has these IP addresses; None when all of them may be asked."""
    if {where.host, f"{where.host}:{where.port}"} & set(settings.allowed_hosts):
        return None
    for address in addresses:
        if not _is_public(address):
            return (
                f"{where.host}: lies at {address}, which is not public; move the list, "
                "or name the host in status_lists.allowed_hosts"
            )
    return None


def _is_public(address: str) -> bool:
    """Whether an IP address is the open internet's, and no other spelling of a private one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and (found not in _UNICAST or found.sixtofour or found.teredo):
        return False
    return found.is_global and not found.is_multicast


def source(uri: str | None) -> str:
    """Name of a source: of the farm's own lists, or of an address."""
    return FARM if uri is None else digest_bytes(uri.encode())[:32]


def poll_seconds(ttl_seconds: int) -> float:
    """How often a list is asked for that may be `ttl_seconds` old."""
    return max(ttl_seconds / 4, LEAST_POLL_SECONDS)


class _NamedEntry(Model):
    twin: Digest
    status: StatusEntry


def named_entry(license_token: str) -> tuple[str, StatusEntry] | None:
    """The twin and the place in a status list that a license names, not yet verified; None when it names none."""
    claims = token.unverified(license_token, LICENSE_TYPE)
    if isinstance(claims, Refusal) or "status" not in claims:
        return None
    try:
        named = _NamedEntry.model_validate({"twin": claims.get("twin"), "status": claims["status"]})
    except ValidationError:
        return None
    return named.twin, named.status


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known of a license by its owner's status list. Times are Unix seconds."""

    status: Status | None = None
    """None: no list is known, or it ends before the license's index."""
    iat: int | None = None
    until: int | None = None
    """First second at which the list counts no longer, for this license."""
    problem: str = ""
    """One line why no newer list came; empty when nothing is wrong."""

    def usage(self) -> Usage:
        """As the rule asks it."""
        return Usage(status=self.status, status_iat=self.iat, status_until=self.until)

    def due_at(self) -> float | None:
        """When half the list's life is over."""
        return None if self.iat is None or self.until is None else self.iat + (self.until - self.iat) / 2


def standing(known: StatusList | None, entry: StatusEntry, problem: str = "") -> Standing:
    """Where a license stands by the newest list known."""
    if known is None:
        return Standing(problem=problem)
    status = known.status(entry.index)
    if status is None and not problem:
        problem = f"the list ends before index {entry.index}; publish a longer one"
    return Standing(
        status=status, iat=known.iat, until=min(known.until, known.iat + entry.ttl_seconds), problem=problem
    )


UNLISTED: Final = Standing()
"""Of a license whose list nobody has seen, or that names none."""
