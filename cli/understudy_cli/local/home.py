"""The farm's home folder: where each file lies, and writing them so that none is ever half there."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from understudy_cli.errors import UserError

GIBIBYTE = 1024**3
_LOCK = "lock"


@dataclass(frozen=True)
class Home:
    """Paths of one farm; nothing is created until something is written."""

    root: Path

    @classmethod
    def default(cls) -> Home:
        """`$UNDERSTUDY_HOME`, else `understudy` under the XDG state folder."""
        named = os.environ.get("UNDERSTUDY_HOME")
        if named:
            return cls(Path(named).expanduser().absolute())
        state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
        return cls(Path(state).expanduser().absolute() / "understudy")

    @property
    def plan(self) -> Path:
        """The farm's name and ports, chosen once."""
        return self.root / "farm.json"

    @property
    def pki(self) -> Path:
        """Certificates of the farm's own authority."""
        return self.root / "pki"

    @property
    def keys(self) -> Path:
        """Signing keys, bearer tokens and object store accounts."""
        return self.root / "keys"

    @property
    def c2pa(self) -> Path:
        """The development identity that signs content credentials."""
        return self.root / "c2pa"

    @property
    def work(self) -> Path:
        """Scratch space of the pool."""
        return self.root / "work"

    @property
    def admin_kubeconfig(self) -> Path:
        """The user's way in."""
        return self.root / "admin.kubeconfig"

    @property
    def operator_kubeconfig(self) -> Path:
        """The operator's way in: its service account's token, nothing more."""
        return self.root / "operator.kubeconfig"

    @property
    def operator_settings(self) -> Path:
        """What the operator is told."""
        return self.root / "operator.json"

    @property
    def pool_settings(self) -> Path:
        """What director and performers are told."""
        return self.root / "pool.json"

    @property
    def vault_settings(self) -> Path:
        """What the vault is told."""
        return self.root / "vault.json"

    @property
    def vault_keys(self) -> Path:
        """The embedded keyset: one file a twin. Whoever copies this folder can open every twin in it."""
        return self.root / "vault-keys"

    def account_token(self, account: str) -> Path:
        """Token of a service account, made anew at every `up`."""
        return self.root / "tokens" / account

    @property
    def cluster_authority(self) -> Path:
        """The certificate that vouches for the API server, wherever that is."""
        return self.root / "tokens" / "ca.crt"

    @property
    def ray(self) -> Path:
        """Ray's own folder: outside the home, because unix socket paths end at 107 characters."""
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()[:10]
        return Path(tempfile.gettempdir()) / f"understudy-{os.getuid()}-{digest}"

    def data(self, part: str) -> Path:
        """Where `part` keeps what has to survive a restart."""
        return self.root / "data" / part

    def log(self, part: str) -> Path:
        """The log file of `part`."""
        return self.root / "logs" / f"{part}.log"

    def record(self, part: str) -> Path:
        """Which process `part` is, for those who come later."""
        return self.root / "run" / f"{part}.json"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the farm against a second `up` or `down`; waits for the first one to finish."""
        private_folder(self.root)
        with (self.root / _LOCK).open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def holds_something(self) -> bool:
        """Whether the root holds more than our own lock."""
        return self.root.exists() and any(path.name != _LOCK for path in self.root.iterdir())

    def purge(self) -> None:
        """Delete everything the farm ever wrote."""
        for folder in (self.root, self.ray):
            if folder.exists():
                shutil.rmtree(folder)


def private_folder(path: Path) -> Path:
    """Create `path` for its owner's eyes only; refuses one that belongs to somebody else."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid != os.getuid():
        raise UserError(f"{path} is not yours alone: remove it, or name another folder in UNDERSTUDY_HOME")
    return path


def write_private(path: Path, content: bytes | str) -> Path:
    """Put `content` at `path` with mode 0600, whole or not at all."""
    private_folder(path.parent)
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def require_space(path: Path, wanted_bytes: int) -> None:
    """Refuse to start where the disk is nearly full; `path` need not exist yet."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if free < wanted_bytes:
        raise UserError(
            f"{existing}: {free / GIBIBYTE:.1f} GiB free, {wanted_bytes / GIBIBYTE:.1f} GiB needed; "
            "free some space or name another disk in UNDERSTUDY_HOME"
        )
