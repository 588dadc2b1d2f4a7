"""sign: content credentials, the last step of a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from understudy_api.digest import digest_bytes
from understudy_api.settings import ContentCredentials
from understudy_workers.media.credentials import Provenance, Signer
from understudy_workers.work import Permit, PlannedItem


class Sealer:
    """The farm's seal: signs files with its certificate and says in them where they come from."""

    def __init__(self, credentials: ContentCredentials, farm: str) -> None:
        self._signer = Signer(credentials.chain_file.read_bytes(), credentials.key_file.read_bytes())
        self._farm = farm

    def sign(self, source: Path, out: Path, planned: PlannedItem, permit: Permit, now: float) -> None:
        """Writes `source` to `out` with credentials; `now` in Unix seconds. ValueError when it cannot be signed."""
        self._signer.sign(source, out, provenance(self._farm, planned, permit, now))


def provenance(farm: str, planned: PlannedItem, permit: Permit, now: float) -> Provenance:
    """What an item's file says about itself."""
    return Provenance(
        farm=farm,
        namespace=permit.namespace,
        job=permit.job,
        item_id=planned.item_id,
        license_digest=digest_bytes(permit.license.encode()),
        twin_id=permit.twin.id,
        twin_version=permit.twin.version,
        rendered_at=datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
    )
