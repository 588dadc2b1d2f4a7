"""A way through the API server to a Service of the cluster, for as long as a command runs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl

_FORWARDING: Final = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+) ")
_END_SECONDS: Final = 10.0


@contextmanager
def forwarded(kubectl: Kubectl, namespace: str, service: str, port: int) -> Iterator[int]:
    """The free port of 127.0.0.1 behind which a Service's port answers; UserError when there is no way to it."""
    command = [str(kubectl.binary), "--kubeconfig", str(kubectl.kubeconfig), "--namespace", namespace]
    command += ["port-forward", "--address=127.0.0.1", f"service/{service}", f":{port}"]
    # Errors on the same pipe: kubectl says in its first line either where it listens or what is wrong.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        said = process.stdout.readline().strip()
        found = _FORWARDING.search(said)
        if found is None:
            raise UserError(
                f"service {namespace}/{service}: no way to it ({said or 'kubectl ended'}); is its pod ready?"
            )
        yield int(found[1])
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        process.stdout.close()
