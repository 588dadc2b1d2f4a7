"""kubectl as a value: which binary, which cluster; failures are one line."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from understudy_cli.errors import UserError

TIMEOUT_SECONDS = 30
_DIAGNOSTIC: Final = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d")
"""How a line of kubectl's own log begins (klog), as it writes several before it says what is wrong."""


@dataclass(frozen=True)
class Kubectl:
    """Runs kubectl against one cluster."""

    binary: Path
    kubeconfig: Path
    user: str = ""
    """Whom to speak as, for who may impersonate; empty: as oneself."""

    def apply(self, document: Mapping[str, Any]) -> None:
        """Apply one manifest, unknown fields refused; UserError with the server's words."""
        self._run("apply", "--validate=strict", "-f", "-", text=json.dumps(document))

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
        """One object; UserError when there is none."""
        scope = ("-n", namespace) if namespace else ()
        found: dict[str, Any] = json.loads(self._run("get", kind, name, *scope, "-o", "json"))
        return found

    def find(self, kind: str, name: str, namespace: str) -> dict[str, Any] | None:
        """One object, or None when there is none."""
        text = self._run("get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found")
        found: dict[str, Any] | None = json.loads(text) if text.strip() else None
        return found

    def every(self, kind: str, *scope: str) -> list[dict[str, Any]]:
        """All objects of a kind; `scope` is `-A`, or `-n` and a namespace."""
        found: dict[str, Any] = json.loads(self._run("get", kind, *scope, "-o", "json"))
        return list(found["items"])

    def patch_status(self, kind: str, name: str, namespace: str, status: Mapping[str, Any]) -> None:
        """Merge into an object's status; UserError with the server's words."""
        patch = json.dumps({"status": dict(status)})
        self._run("patch", kind, name, "-n", namespace, "--subresource=status", "--type=merge", "-p", patch)

    def patch(self, kind: str, name: str, namespace: str, change: Mapping[str, Any]) -> dict[str, Any]:
        """Merge into an object and give it back as it is then; UserError with the server's words."""
        words = ("patch", kind, name, "-n", namespace, "--type=merge", "-p", json.dumps(change), "-o", "json")
        found: dict[str, Any] = json.loads(self._run(*words))
        return found

    def ask(self, questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Reviews (objects that answer at once and are not kept), answered in the order they were asked."""
        return self.create(questions)

    def create(self, documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Create objects and give them back as they are then; UserError with the server's words when one is refused."""
        return list(_documents(self._run("create", "-f", "-", "-o", "json", text=_list(documents))))

    def replace_status(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """Make the statuses of objects, each with its present version, exactly these; UserError with the server's words."""
        self._run("replace", "--subresource=status", "-f", "-", text=_list(documents))

    def raw(self, path: str) -> Any:
        """The JSON that a path of the API server answers."""
        return json.loads(self._run("get", "--raw", path))

    def logs(self, pod: str, namespace: str, *, previous: bool = False) -> str:
        """What a pod's containers wrote, those before the last restart when `previous`; UserError when it is gone."""
        before = ("--previous",) if previous else ()
        return self._run("logs", pod, "-n", namespace, "--all-containers", *before)

    def namespace(self) -> str:
        """The namespace of the current context, as kubectl itself takes it."""
        return self._run("config", "view", "--minify", "-o", "jsonpath={..namespace}").strip() or "default"

    def review_of_self(self) -> dict[str, Any]:
        """The API server's own words on who asks, with its time in `metadata.creationTimestamp`."""
        found: dict[str, Any] = json.loads(self._run("auth", "whoami", "-o", "json"))
        return found

    def whoami(self) -> str:
        """The user name that the API server knows the caller by."""
        return str(self.review_of_self()["status"]["userInfo"]["username"])

    def table(self, *words: str) -> str:
        """What `kubectl get <words>` prints."""
        return self._run("get", *words)

    def _run(self, *words: str, text: str | None = None) -> str:
        command = [
            str(self.binary),
            "--kubeconfig",
            str(self.kubeconfig),
            f"--request-timeout={TIMEOUT_SECONDS}s",
            *([f"--as={self.user}"] if self.user else []),
            *words,
        ]
        limit = 2 * TIMEOUT_SECONDS
        try:
            done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired as error:
            raise UserError(
                f"kubectl {words[0]}: no answer within {limit} s; check {self.kubeconfig} and the network"
            ) from error
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if not _DIAGNOSTIC.match(line)]
            reason = " ".join(" ".join(said).split()) or f"exit code {done.returncode}"
            raise UserError(f"kubectl {words[0]}: {reason}")
        return done.stdout


def _list(documents: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [dict(one) for one in documents]})


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """kubectl prints what it created one JSON document after the other."""
    decoder, text = json.JSONDecoder(), text.strip()
    while text:
        found, end = decoder.raw_decode(text)
        yield found
        text = text[end:].lstrip()
