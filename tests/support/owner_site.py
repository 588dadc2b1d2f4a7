"""An owner's desk: a folder with a root key, role keys, a TwinModel manifest, and the commands run on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import yaml
from typer.testing import CliRunner

from understudy_api import token
from understudy_api.keyring import Keyring, read_keyring
from understudy_cli import keys, license, twin

FARM = token.thumbprint(token.new_key())
APPS: dict[str, typer.Typer] = {"keys": keys.app, "license": license.app, "twin": twin.app}
_runner = CliRunner()


def run(app: typer.Typer, *words: object, fails: bool = False) -> str:
    """What a command prints; raises what it raises, and fails when its exit code is not the expected one."""
    result = _runner.invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == (1 if fails else 0), result.output
    return result.stdout


@dataclass(frozen=True)
class Desk:
    """The folder, and shortcuts to it."""

    folder: Path

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def run(self, words: str, fails: bool = False, **options: object) -> str:
        """Runs `keys new x` and so on; words that name a file of the folder become its path."""
        group, *rest = words.split()
        flags = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
        paths = [self / word if "." in word and not word.startswith("-") else word for word in rest]
        return run(APPS[group], *paths, *flags, fails=fails)

    def save(self, words: str, name: str, **options: object) -> list[dict[str, Any]]:
        """Runs a command that prints manifests, keeps them in a file, and returns them."""
        text = self.run(words, **options)
        (self / name).write_text(text)
        return list(yaml.safe_load_all(text))

    def ring(self, *names: str) -> Keyring:
        """The twin's ring after the records in files."""
        texts = [one["spec"]["act"] for name in names for one in yaml.safe_load_all((self / name).read_text())]
        found = read_keyring(yaml.safe_load((self / "twin.yaml").read_text())["spec"]["genesis"], texts)
        assert isinstance(found, Keyring), found
        return found


def opened(folder: Path) -> Desk:
    """A desk with root.jwk, keys for every role, and twin.yaml founded with a recovery key."""
    desk = Desk(folder)
    roles = " ".join(f"--role {role}" for role in ("license", "consent", "stop", "recovery"))
    desk.run(f"keys new root.jwk {roles}")
    desk.run("keys new next.jwk")
    desk.save(
        "twin init ada --key root.jwk -n talent-ada --recovery root-recovery.jwk",
        "twin.yaml",
        capture="s3://understudy-outputs/talent-ada/ada.mp4",
    )
    return desk
