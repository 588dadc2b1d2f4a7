"""`python -m understudy_vault`: the only process that can unwrap a twin's key."""

from __future__ import annotations

import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from understudy_api.settings import SettingsError, VaultSettings
from understudy_api.token import load_key
from understudy_vault.bucket import Bucket, BucketError
from understudy_vault.captures import passcode_key
from understudy_vault.embedded import EmbeddedKeys
from understudy_vault.keystore import KeyStore, KeyStoreError
from understudy_vault.reviewer import Reviewer
from understudy_vault.rules import Bench
from understudy_vault.server import Server
from understudy_vault.transit import TransitKeys
from understudy_vault.vault import Vault

PATIENCE_SECONDS: Final = 30.0
"""How long a bucket or a key store that is not there yet is waited for: on a new farm they are made beside the vault."""
_PAUSE_SECONDS: Final = 1.0

log = structlog.get_logger("vault")


def build(settings: VaultSettings) -> Vault:
    """The vault of these settings. Raises SettingsError, KeyStoreError, BucketError."""
    bucket = Bucket(settings.s3, settings.bucket)
    bucket.probe()
    try:
        farm = load_key(settings.farm_public_key_file.read_text())
        signing_key = load_key(settings.signing_key_file.read_text())
    except (OSError, ValueError) as error:
        raise SettingsError(f"vault: {error}") from error
    vault = Vault(
        bench=Bench(farm, settings.callers, passcode_key(signing_key), settings.demand_capture_consent),
        keys=_keys(settings, bucket),
        shelf=bucket,
        callers=Reviewer(settings.apiserver),
        signing_key=signing_key,
        clock=time.time,  # noqa: TID251 - here clocks are handed out
        steady_clock=time.monotonic,  # noqa: TID251
        lease_seconds=settings.lease_seconds,
    )
    vault.erase_again()
    return vault


def _keys(settings: VaultSettings, bucket: Bucket) -> KeyStore:
    if settings.transit is not None:
        return TransitKeys(settings.transit, bucket)
    assert settings.keys_folder is not None
    return EmbeddedKeys(settings.keys_folder)


def patiently(
    make: Callable[[], Vault], clock: Callable[[], float], pause: Callable[[float], object], seconds: float
) -> Vault:
    """The vault that `make` makes, tried again for so many seconds. Raises what it raised last; SettingsError at once."""
    until = clock() + seconds
    while True:
        try:
            return make()
        except (BucketError, KeyStoreError) as error:
            if clock() >= until:
                raise
            log.warning("waiting", error=str(error))
        pause(_PAUSE_SECONDS)


def main() -> int:
    """Serves until SIGTERM or SIGINT; 1 with one line when it cannot start."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold keys
    try:
        settings = VaultSettings.from_environment()
        vault = patiently(lambda: build(settings), time.monotonic, time.sleep, PATIENCE_SECONDS)  # noqa: TID251
        server = Server(vault, settings.host, settings.port, settings.tls_cert, settings.tls_key)
    except (SettingsError, KeyStoreError, BucketError, OSError) as error:
        sys.stderr.write(f"vault: {error}\n")
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.2)
    server.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
