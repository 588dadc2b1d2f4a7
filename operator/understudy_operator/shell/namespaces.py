"""Which namespace object a job lives in. Asked once for each job: a namespace takes its jobs along when it is deleted."""

from __future__ import annotations

import threading

from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.errors import OutageError


class Namespaces:
    """Safe for use from many threads. Nothing is decided about a job whose namespace cannot be read."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._uids: dict[str, str] = {}

    def uid_of(self, namespace: str, job: str) -> str:
        """UID of the namespace that the job with this uid lives in; OutageError when there is none of that name."""
        with self._lock:
            known = self._uids.get(job)
        if known is not None:
            return known
        found = self._cluster.namespace_uid(namespace)
        if found is None:
            raise OutageError("API server", f"namespace {namespace}: is gone, and a job of it is not; look again")
        with self._lock:
            self._uids[job] = found
        return found

    def forget(self, job: str) -> None:
        """The job is gone."""
        with self._lock:
            self._uids.pop(job, None)
