"""How the vault's process begins: it waits for what is made beside it, for a while."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from understudy_api.settings import SettingsError
from understudy_vault.__main__ import patiently
from understudy_vault.bucket import BucketError
from understudy_vault.keystore import KeyStoreError

VAULT: Any = object()


class Making:
    """Makes a vault once it has failed as often as told; each try takes half a second, and so long each wait as it is told."""

    def __init__(self, *fails: Exception) -> None:
        self.fails = list(fails)
        self.now, self.waited = 100.0, 0.0

    def patiently(self, seconds: float) -> Any:
        return patiently(self._make, lambda: self.now, self._pause, seconds)

    def _make(self) -> Any:
        self.now += 0.5
        if self.fails:
            raise self.fails.pop(0)
        return VAULT

    def _pause(self, seconds: float) -> None:
        self.now += seconds
        self.waited += seconds


def test_a_bucket_and_a_key_store_that_come_later_are_waited_for_and_each_wait_is_said() -> None:
    making = Making(BucketError("s3://vault: no such bucket"), KeyStoreError("transit: sealed"))
    with structlog.testing.capture_logs() as lines:
        assert making.patiently(30.0) is VAULT
    assert making.waited == 2.0
    assert [line["error"] for line in lines] == ["s3://vault: no such bucket", "transit: sealed"]


@pytest.mark.parametrize(("seconds", "tries"), [(0.0, 1), (0.5, 1), (0.6, 2), (3.0, 3)])
def test_one_that_does_not_come_is_told_after_a_while(seconds: float, tries: int) -> None:
    making = Making(*[BucketError(f"try {number}") for number in range(1, 9)])
    with pytest.raises(BucketError, match=f"try {tries}"):
        making.patiently(seconds)
    assert making.waited == tries - 1


def test_settings_that_cannot_be_used_are_told_at_once() -> None:
    making = Making(SettingsError("vault: no such file"))
    with pytest.raises(SettingsError):
        making.patiently(30.0)
    assert making.waited == 0
