"""Real calls of real people: kubectl under impersonation, as the API server's RBAC and policies see it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What kubectl said."""

    ok: bool
    text: str
    """Its output; of a refused call the error, as one line."""


@dataclass(frozen=True)
class Person:
    """A user of a cluster, in at most one group besides `system:authenticated`."""

    kubectl: Path
    kubeconfig: Path
    name: str
    group: str = ""

    def says(self, *words: str, document: Mapping[str, Any] | None = None) -> Answer:
        """Run kubectl with these words as this person; `document` goes to its standard input."""
        who = [f"--as={self.name}", *([f"--as-group={self.group}"] if self.group else [])]
        command = [str(self.kubectl), "--kubeconfig", str(self.kubeconfig), *who, *words]
        given = None if document is None else json.dumps(document)
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)
        return Answer(not done.returncode, done.stdout if not done.returncode else " ".join(done.stderr.split()))

    def creates(self, document: Mapping[str, Any], *words: str) -> Answer:
        """Create an object, unknown fields refused."""
        return self.says("create", "--validate=strict", "-f", "-", *words, document=document)

    def patches(self, kind: str, name: str, change: Mapping[str, Any], *words: str) -> Answer:
        """Merge into an object."""
        return self.says("patch", kind, name, "--type=merge", "-p", json.dumps(change), *words)
