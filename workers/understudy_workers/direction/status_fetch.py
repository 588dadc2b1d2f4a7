"""Fetching a status list from the address that a license names: https alone, one answer, bounded in bytes and time.

The address is an owner's word. Its name is resolved once, every IP address it has is judged, and the connection goes to one
of those that were judged, so that no second answer of the resolver leads anywhere else.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final

import httpx

from understudy_api.status_list import MAX_LIST_TOKEN_BYTES
from understudy_api.status_source import (
    FETCH_SECONDS,
    STATUS_MEDIA_TYPE,
    Place,
    StatusSettings,
    addresses_problem,
    place,
)

_ACCEPT: Final = {"Accept": STATUS_MEDIA_TYPE, "Accept-Encoding": "identity"}


class FetchError(Exception):
    """No list came; one line says from where and why."""


class Fetcher:
    """Fetches lists. One event loop only."""

    def __init__(self, settings: StatusSettings) -> None:
        self._settings = settings
        self._owners = _client(settings.ca_file)
        # The farm's own authority vouches for the farm, and for no host that an owner names.
        self._farm = _client(settings.farm_ca_file)

    async def close(self) -> None:
        """Let connections go."""
        await self._owners.aclose()
        await self._farm.aclose()

    async def fetch(self, uri: str) -> str:
        """The token at an address. Raises FetchError."""
        where = place(uri)
        if isinstance(where, str):
            raise FetchError(where)
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                data = await self._get(where, await self._address(where))
            return data.decode("ascii").strip()
        except TimeoutError as error:
            raise FetchError(f"{where.host}: no whole answer within {FETCH_SECONDS:.0f} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise FetchError(f"{where.host}: {type(error).__name__}: {error}"[:300]) from error

    async def fetch_farms(self, url: str) -> str:
        """The token at an address of the farm's own settings, which may be anywhere. Raises FetchError."""
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                return (await _read(self._farm, url, {}, None)).decode("ascii").strip()
        except TimeoutError as error:
            raise FetchError(f"{url}: no whole answer within {FETCH_SECONDS:.0f} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise FetchError(f"{url}: {type(error).__name__}: {error}"[:300]) from error

    async def _address(self, where: Place) -> str:
        """One of the addresses of a host, all of which may be asked."""
        found = await asyncio.get_running_loop().getaddrinfo(where.host, where.port)
        addresses = [str(one[4][0]) for one in found]
        problem = addresses_problem(where, addresses, self._settings)
        if problem is not None or not addresses:
            raise FetchError(problem or f"{where.host}: has no address")
        return addresses[0]

    async def _get(self, where: Place, address: str) -> bytes:
        literal, host = (f"[{one}]" if ":" in one else one for one in (address, where.host))
        headers = {"Host": host if where.port == 443 else f"{host}:{where.port}"}
        return await _read(self._owners, f"https://{literal}:{where.port}{where.target}", headers, where.host)


def _client(ca_file: Path | None) -> httpx.AsyncClient:
    """No redirects, no proxies from the environment, no connection for two names: what was judged is what is asked."""
    verify = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(verify=verify, follow_redirects=False, trust_env=False, limits=limits)


async def _read(client: httpx.AsyncClient, url: str, headers: dict[str, str], name: str | None) -> bytes:
    extensions = {"sni_hostname": name} if name else {}
    timeout = httpx.Timeout(FETCH_SECONDS)
    async with client.stream(
        "GET", url, headers={**_ACCEPT, **headers}, extensions=extensions, timeout=timeout
    ) as response:
        if response.status_code != httpx.codes.OK:
            raise FetchError(f"{name or url}: wanted status 200, got {response.status_code}")
        data = b""
        async for chunk in response.aiter_raw():
            data += chunk
            if len(data) > MAX_LIST_TOKEN_BYTES:
                raise FetchError(f"{name or url}: wanted at most {MAX_LIST_TOKEN_BYTES:,} bytes, got more")
    return data
