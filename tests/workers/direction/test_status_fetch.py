"""Fetching a list over real TLS: one answer of the very host, in time, of bounded size; everything else is one line."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from list_host import BAD_ANSWERS, SLOW_ANSWERS, ListHost, reply

from understudy_api.status_source import StatusSettings
from understudy_workers.direction import status_fetch
from understudy_workers.direction.status_fetch import Fetcher, FetchError


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ListHost]:
    made = ListHost(tmp_path)
    yield made
    made.close()


def fetched(settings: StatusSettings, uri: str) -> str:
    async def scene() -> str:
        fetcher = Fetcher(settings)
        try:
            return await fetcher.fetch(uri)
        finally:
            await fetcher.close()

    return asyncio.run(scene())


def from_farm(settings: StatusSettings, url: str) -> str:
    async def scene() -> str:
        fetcher = Fetcher(settings)
        try:
            return await fetcher.fetch_farms(url)
        finally:
            await fetcher.close()

    return asyncio.run(scene())


def refused(settings: StatusSettings, uri: str) -> str:
    with pytest.raises(FetchError) as caught:
        fetched(settings, uri)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_list_is_fetched_from_a_host_that_proves_itself(host: ListHost) -> None:
    host.text = "a.b.c\n"
    assert fetched(host.settings, f"{host.uri}?of=ada") == "a.b.c"
    assert host.asked == ["/ada.jwt?of=ada"]
    assert host.headers[0]["host"] == f"127.0.0.1:{host.port}"
    assert host.headers[0]["accept"] == "application/statuslist+jwt"


def test_the_name_is_proven_although_an_address_is_asked(host: ListHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver answers once; certificate and Host header still speak of the name."""
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", host.port))]]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.pop())
    host.text = "a.b.c"
    named = StatusSettings(allowed_hosts=("localhost",), ca_file=host.ca_file)
    assert fetched(named, f"https://localhost:{host.port}/") == "a.b.c"
    assert host.headers[0]["host"] == f"localhost:{host.port}"
    answers.append([(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", host.port))])
    other = StatusSettings(allowed_hosts=("lists.example",), ca_file=host.ca_file)
    assert "CERTIFICATE_VERIFY_FAILED" in refused(other, f"https://lists.example:{host.port}/")


def test_a_stranger_is_not_believed(host: ListHost) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in refused(StatusSettings(allowed_hosts=("127.0.0.1",)), host.uri)


def test_a_private_place_is_not_asked_unless_the_farm_says_so(host: ListHost) -> None:
    assert "is not public" in refused(StatusSettings(ca_file=host.ca_file), host.uri)
    assert "is not public" in refused(StatusSettings(ca_file=host.ca_file), f"https://localhost:{host.port}/")
    assert host.asked == []


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_what_a_bad_host_answers_is_one_line(host: ListHost, name: str) -> None:
    host.answer, words = BAD_ANSWERS[name]
    assert words in refused(host.settings, host.uri)
    assert host.asked == ["/ada.jwt"], "no redirect is followed, nothing is asked twice"


@pytest.mark.parametrize("name", SLOW_ANSWERS)
def test_nobody_keeps_us_waiting(host: ListHost, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_fetch, "FETCH_SECONDS", 0.4)
    host.answer = SLOW_ANSWERS[name]
    began = time.monotonic()
    said = refused(host.settings, host.uri)
    assert "no whole answer within" in said or "Timeout" in said
    assert time.monotonic() - began < 3


def test_a_host_that_is_down_and_a_name_that_is_none(host: ListHost, tmp_path: Path) -> None:
    gone = ListHost(tmp_path / "gone")
    gone.close()
    assert "ConnectError" in refused(gone.settings, gone.uri)
    assert "wanted https://" in refused(host.settings, "https://user@lists.example/")
    assert "lists.invalid" in refused(host.settings, "https://lists.invalid/")


def test_no_proxy_of_the_environment_is_asked(host: ListHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    host.answer = lambda handler: reply(handler, b"a.b.c")
    assert fetched(host.settings, host.uri) == "a.b.c"


@pytest.fixture
def farm(host: ListHost) -> StatusSettings:
    """Settings of a pool whose farm serves its lists where `host` is."""
    return StatusSettings(farm_ca_file=host.ca_file)


def test_the_farm_is_asked_wherever_its_settings_say(host: ListHost, farm: StatusSettings) -> None:
    host.text = "a.b.c"
    assert from_farm(farm, f"https://127.0.0.1:{host.port}/v1/status/ada") == "a.b.c"
    assert host.asked == ["/v1/status/ada"]


def test_the_farms_authority_vouches_for_no_owners_host(host: ListHost, farm: StatusSettings) -> None:
    """Nor the owners' for the farm: each is asked of its own."""
    owned = farm.model_copy(update={"allowed_hosts": host.settings.allowed_hosts})
    assert "CERTIFICATE_VERIFY_FAILED" in refused(owned, host.uri)
    with pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
        from_farm(host.settings, host.uri)
    assert host.asked == []


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_farm_that_answers_badly_is_one_line_too(host: ListHost, farm: StatusSettings, name: str) -> None:
    host.answer, words = BAD_ANSWERS[name]
    with pytest.raises(FetchError, match=words) as caught:
        from_farm(farm, host.uri)
    assert "\n" not in str(caught.value)


def test_a_farm_that_is_slow_is_given_up(host: ListHost, farm: StatusSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_fetch, "FETCH_SECONDS", 0.4)
    host.answer = SLOW_ANSWERS["drips"]
    with pytest.raises(FetchError, match="no whole answer"):
        from_farm(farm, host.uri)
