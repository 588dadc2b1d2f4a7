"""Reading a farm's ledger: all chains, checkpoints and names, many objects at a time, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.ledger import chain, checkpoint
from understudy_api.ledger.chain import Chain, verify_chain
from understudy_api.ledger.checkpoint import Checkpoint
from understudy_api.settings import OperatorSettings
from understudy_cli.errors import UserError
from understudy_cli.files import read_text
from understudy_cli.local.home import Home

if TYPE_CHECKING:
    from minio import Minio

_READERS: Final = 16


@dataclass(frozen=True)
class LedgerBucket:
    """A ledger as it lies in its bucket. Every method reads; UserError when the store does not answer."""

    name: str
    farm: OKPKey
    """The farm's key: who signs checkpoints."""
    _store: Minio = field(repr=False)
    receipts_name: str = ""
    """The bucket of the receipt logs that the ledger was written from."""

    def chains(self, wanted: Iterable[str] | None = None) -> dict[str, Chain]:
        """The chains of these accounts, all by default, each checked by itself."""
        objects: dict[str, dict[int, bytes]] = {name: {} for name in wanted or ()}
        prefixes = [f"{chain.PREFIX}{name}/" for name in objects] if wanted is not None else [chain.PREFIX]
        keys = [key for prefix in prefixes for key in self._keys(prefix)]
        for key, data in self._read(keys).items():
            found = chain.parse_key(key)
            if found is not None:
                objects.setdefault(found[0], {})[found[1]] = data
        return {name: verify_chain(name, links) for name, links in objects.items()}

    def accounts(self) -> list[str]:
        """Ids of all accounts there are."""
        from minio.error import MinioException

        try:
            folders = self._store.list_objects(self.name, prefix=chain.PREFIX)
            return [str(one.object_name).split("/")[1] for one in folders]
        except MinioException as error:
            raise _unreadable(self.name, error) from error

    def first_links(self) -> dict[str, bytes]:
        """The first link of every chain that has one, by account."""
        keys = {chain.link_key(account, 0): account for account in self.accounts()}
        return {keys[key]: data for key, data in self._read(keys).items()}

    def checkpoints(self) -> dict[str, bytes]:
        """All stored checkpoints by their keys, oldest first."""
        return self._read(self._keys(checkpoint.PREFIX))

    def newest_checkpoint(self) -> Checkpoint | None:
        """The newest stored checkpoint, signed or not: ask `proven_heads`."""
        keys = self._keys(checkpoint.PREFIX)
        return Checkpoint.model_validate_json(self._read(keys[-1:])[keys[-1]]) if keys else None

    def names(self, account: str) -> Mapping[str, str]:
        """What an account's jobs are called, by uid, as far as that was not erased."""
        found = self._read(self._keys(f"names/{account}/"))
        return {key.rpartition("/")[2]: data.decode("utf-8", "replace") for key, data in found.items()}

    def objects(self, prefix: str, bucket: str = "") -> dict[str, bytes]:
        """Everything under a prefix by its key; `bucket`: the ledger's own by default."""
        return self._read(self._keys(prefix, bucket), bucket)

    def receipt_keys(self, uid: str) -> list[str]:
        """Keys of what is kept of a job's receipt log."""
        return self._keys(f"{uid}/", self.receipts_name)

    def receipts(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Segments of receipt logs by their keys."""
        return self._read(keys, self.receipts_name)

    def _keys(self, prefix: str, bucket: str = "") -> list[str]:
        from minio.error import MinioException

        bucket = bucket or self.name
        try:
            found = self._store.list_objects(bucket, prefix=prefix, recursive=True)
            return sorted(str(one.object_name) for one in found)
        except MinioException as error:
            raise _unreadable(bucket, error) from error

    def _read(self, keys: Iterable[str], bucket: str = "") -> dict[str, bytes]:
        from minio.error import MinioException

        ordered, bucket = list(keys), bucket or self.name
        try:
            with ThreadPoolExecutor(_READERS) as readers:
                return dict(zip(ordered, readers.map(lambda key: self._get(bucket, key), ordered), strict=True))
        except MinioException as error:
            raise _unreadable(bucket, error) from error

    def _get(self, bucket: str, key: str) -> bytes:
        response = self._store.get_object(bucket, key)
        try:
            return bytes(response.read())
        finally:
            response.close()
            response.release_conn()


def open_ledger(settings: Path | None = None) -> LedgerBucket:
    """The ledger of this machine's farm, or of the farm whose operator settings are named. Raises SettingsError."""
    from understudy_cli.local.buckets import client  # loads the S3 client, which `--help` does without

    given = OperatorSettings.load(settings or Home.default().operator_settings)
    farm = token.load_key(read_text(given.farm_key_file, "the farm's key"))
    return LedgerBucket(given.buckets.ledger, farm, client(given.s3), given.buckets.receipts)


def _unreadable(bucket: str, error: Exception) -> UserError:
    return UserError(f"s3://{bucket}: cannot be read ({error}); look at `understudy status`")
