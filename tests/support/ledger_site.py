"""A ledger in real MinIO with two licenses, and the commands that read it."""

from __future__ import annotations

import io
import json
import secrets
from pathlib import Path
from typing import Any

from ledger_words import NOVEMBER, Writer, licensed, reserved, some_chain, uid
from typer.testing import CliRunner, Result

from understudy_api import token
from understudy_api.ledger.chain import link_key
from understudy_api.ledger.checkpoint import ChainHead, checkpoint_key, seal
from understudy_api.settings import DirectorEndpoint, OperatorSettings, RayEndpoint
from understudy_cli import __main__ as cli
from understudy_cli.local.buckets import client

ONE, TWO = "ac" * 32, "bd" * 32


class Ledger:
    """A ledger bucket with two licenses and a checkpoint over both, and the settings that lead to it."""

    def __init__(self, root: Any, folder: Path) -> None:
        self.bucket, self.store = f"ledger-{secrets.token_hex(4)}", client(root)
        self.store.make_bucket(self.bucket)
        self.farm = token.new_key()
        (folder / "farm.jwk").write_text(json.dumps(self.farm.as_dict(private=True)))
        self.settings = folder / "operator.json"
        given = OperatorSettings(
            farm="test",
            s3=root,
            public_s3_url="https://127.0.0.1",
            buckets={"ledger": self.bucket},
            farm_key_file=folder / "farm.jwk",
            ray=RayEndpoint(address="http://127.0.0.1:1", token_file=folder / "none"),
            director=DirectorEndpoint(url="https://127.0.0.1:1", token_file=folder / "none"),
            pool_public_key_file=folder / "farm.jwk",
            metrics_port=1,
            health_port=2,
        )
        self.settings.write_text(given.model_dump_json())
        self.writers = {ONE: some_chain(), TWO: Writer(TWO)}
        self.writers[TWO].write(licensed(jti="beta-autumn", royalty=None), reserved(7, 10))
        for account, writer in self.writers.items():
            for sequence, data in writer.objects.items():
                self.put(link_key(account, sequence), data)
        self.put(f"names/{ONE}/{uid(1)}", b"acme/spring")
        self.seal(0)

    def put(self, key: str, data: bytes) -> None:
        self.store.put_object(self.bucket, key, io.BytesIO(data), len(data))

    def remove(self, *keys: str) -> None:
        for key in keys:
            self.store.remove_object(self.bucket, key)

    def seal(self, number: int) -> None:
        heads = [
            ChainHead(account=account, sequence=len(writer.links) - 1, digest=writer.head.digest)
            for account, writer in self.writers.items()
        ]
        made = seal(heads, self.farm, NOVEMBER)
        self.put(checkpoint_key(number), made.model_dump_json().encode())

    def run(self, *words: object) -> Result:
        return CliRunner().invoke(cli.app, [*map(str, words), "--settings", str(self.settings)])
