"""The doorbell: an event about an object marks the keys whose state it may change, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from typing import Any, Final

from understudy_api import token
from understudy_api.acts import ConsentAnswer, Revocation
from understudy_api.owner_word import parsed
from understudy_api.preview import job_of
from understudy_api.terms import LICENSE_TYPE
from understudy_api.verdict import Refusal
from understudy_operator.shell import views
from understudy_operator.shell.key import Key
from understudy_operator.shell.store import Body, Store, version_of

ACCOUNT_DELAY_SECONDS: Final = 1.0
"""Licenses follow their jobs' progress, but not every segment of every job."""

SHORT: Final = frozenset({"QuotaExceeded", "ItemsExceeded", "QuotaExhausted"})
"""Reasons of Admitted=False that more seconds or items would cure."""
RUNG_JOBS: Final = 16
"""Jobs that ring at once when seconds come free; all others look again by themselves."""

Mark = Callable[[Key, float], None]


class Doorbell:
    """Takes events into the store and marks keys dirty.

    `gone` is told the uid of every object that went, `heard` every OwnerAct that somebody else recorded; `hurry` marks
    what goes before everything else.
    """

    def __init__(
        self,
        store: Store,
        mark: Mark,
        gone: Callable[[str], None],
        heard: Callable[[Body], None] = lambda _: None,
        hurry: Callable[[Key], None] | None = None,
    ) -> None:
        self._store = store
        self._mark = mark
        self._gone = gone
        self._heard = heard
        self._hurry = hurry or (lambda key: mark(key, 0.0))

    def ring(self, event: str | None, body: Body) -> None:
        """An event of the watch: `event` is ADDED, MODIFIED, DELETED, or None for an object found at the start."""
        key = Key.of(body)
        if event == "DELETED":
            known = self._store.get(key)
            self._store.remove(key, version_of(body))
            self._gone(views.uid(body))
            self._changed(key, known or body, None)
            return
        known = self._store.put(body)
        if known is None or version_of(known) < version_of(body):
            self._changed(key, known, body)

    def relisted(self, kind: str, bodies: Iterable[Body], list_version: int) -> None:
        """A full list of a kind: what the watch missed rings now."""
        before = {Key.of(body): body for body in self._store.all(kind)}
        for key in self._store.replace(kind, bodies, list_version):
            after = self._store.get(key)
            if after is None and key in before:
                self._gone(views.uid(before[key]))
            self._changed(key, before.get(key), after)

    def pool_changed(self) -> None:
        """The director came, went or changed: pools and all unfinished work look again."""
        for kind in ("RenderPool", "TwinModel"):
            for body in self._store.all(kind):
                self._mark(Key.of(body), 0.0)
        for body in self._store.all("RenderJob"):
            if not _is_finished(body):
                self._mark(Key.of(body), 0.0)

    def order_changed(self, uid: str) -> None:
        """The director has news of an order; when it is a preview, who reads the request waits for it as the job does."""
        key = self._store.key_of(job_of(uid))
        if key is None:
            return
        self._mark(key, 0.0)
        job = self._store.get(key) if uid != job_of(uid) else None
        if asked := (job or {}).get("status", {}).get("consentRequest"):
            namespace, _, name = asked.partition("/")
            self._mark(Key("ConsentRequest", namespace, name), 0.0)

    def quota_freed(self, license_: Key, left_seconds: float) -> None:
        """Seconds came free under a license: those who found none and need no more look again, the oldest first."""
        waiting = [body for body in self._store.all("RenderJob") if _waits_for(body, license_, left_seconds)]
        waiting.sort(key=lambda body: (body["metadata"].get("creationTimestamp", ""), body["metadata"]["uid"]))
        for body in waiting[:RUNG_JOBS]:
            self._mark(Key.of(body), ACCOUNT_DELAY_SECONDS)

    def _changed(self, key: Key, before: Body | None, after: Body | None) -> None:
        if key.kind == "OwnerAct" and before is None:
            self._hurry(key)
        self._mark(key, 0.0)
        if key.kind == "RenderJob":
            self._job_changed(before, after)
        elif key.kind == "ConsentRequest":
            self._mark(_job_of(after or before or {}), 0.0)
        elif key.kind == "OwnerAct":
            if before and after and _accepted(before) != _accepted(after):
                self._heard(after)  # recorded by another operator
                self.act_recorded(after)
        elif _face(before) != _face(after):
            for dependent in self._dependents(key):
                self._mark(dependent, 0.0)

    def _job_changed(self, before: Body | None, after: Body | None) -> None:
        if _charge(before) == _charge(after) and after is not None:
            return
        reference = (after or before or {}).get("spec", {}).get("licenseRef", {})
        key = Key("License", str(reference.get("namespace", "")), str(reference.get("name", "")))
        if self._store.get(key) is not None:
            self._mark(key, ACCOUNT_DELAY_SECONDS)

    def act_recorded(self, act: Body) -> None:
        """An owner act was recorded: everything that it may change looks again, at once."""
        for changed in dict.fromkeys(self._concerned(act)):
            self._hurry(changed)

    def _concerned(self, act: Body) -> Iterator[Key]:
        """One license and its jobs, one request and its job, or everything that the twin stands for."""
        namespace = act["metadata"]["namespace"]
        match parsed(str(act["spec"].get("act", ""))):
            case Revocation(jti=jti):
                for body in self._store.all("License"):
                    if body["metadata"]["namespace"] == namespace and _jti(body) == jti:
                        yield from (*self._dependents(Key.of(body)), Key.of(body))
            case ConsentAnswer(request=digest):
                for body in self._store.all("ConsentRequest"):
                    if body["metadata"]["namespace"] == namespace and body.get("spec", {}).get("digest") == digest:
                        yield from (_job_of(body), Key.of(body))
            case _:
                twin = Key("TwinModel", namespace, str(act["spec"]["twinRef"]["name"]))
                yield from (twin, *self._dependents(twin))

    def list_recorded(self, act: Body) -> None:
        """A status list was delivered: the licenses of its twin look again, and whatever is made under them."""
        twin = Key("TwinModel", act["metadata"]["namespace"], str(act["spec"]["twinRef"]["name"]))
        self.lists_changed({key for key in self._dependents(twin) if key.kind == "License"})

    def lists_changed(self, licenses: Set[Key]) -> None:
        """Licenses whose status list came, or does not come, look again, and every unfinished job under them."""
        for license_ in licenses:
            self._mark(license_, 0.0)
        for body in self._store.all("RenderJob") if licenses else ():
            reference = body.get("spec", {}).get("licenseRef", {})
            key = Key("License", str(reference.get("namespace", "")), str(reference.get("name", "")))
            if key in licenses and not _is_finished(body):
                self._mark(Key.of(body), 0.0)

    def _dependents(self, key: Key) -> Iterator[Key]:
        field = {"TwinModel": "twinRef", "License": "licenseRef", "RenderPool": "poolRef"}[key.kind]
        for kind in ("RenderJob", "TwinModel", "License", "ConsentRequest"):
            for body in self._store.all(kind):
                reference = body.get("spec", {}).get(field)
                if reference is None and field == "poolRef" and kind in {"RenderJob", "TwinModel"}:
                    reference = {"name": "default"}
                if reference and _names(reference, body, key):
                    yield Key.of(body)


def _is_finished(body: Body) -> bool:
    return body.get("status", {}).get("phase") in ("Complete", "Failed", "Cancelled")


def _waits_for(body: Body, license_: Key, left_seconds: float) -> bool:
    """Whether a job would go on under a license with so many seconds left, as far as its status says."""
    reference = body.get("spec", {}).get("licenseRef", {})
    if (reference.get("namespace"), reference.get("name")) != (license_.namespace, license_.name):
        return False
    needed = body.get("status", {}).get("quotaNeededSeconds")
    short = views.condition(body, "Admitted").get("reason") in SHORT
    return short and (needed is None or float(needed) <= left_seconds)


def _names(reference: dict[str, Any], body: Body, key: Key) -> bool:
    """Whether a reference in an object leads to `key`; without a namespace it stays in the object's own."""
    namespace = "" if key.kind == "RenderPool" else reference.get("namespace", body["metadata"].get("namespace"))
    return (reference.get("name"), namespace) == (key.name, key.namespace)


def _face(body: Body | None) -> tuple[object, ...]:
    """What others see of an object."""
    if body is None:
        return ()
    ready = views.condition(body, "Ready")
    return (
        body["metadata"]["uid"],
        body["metadata"]["generation"],
        views.is_deleted(body),
        body.get("status", {}).get("version"),
        ready.get("status"),
        ready.get("message"),
    )


def _jti(license_: Body) -> object:
    """The id that a License's token names, not verified: only good for ringing."""
    claims = token.unverified(str(license_.get("spec", {}).get("token", "")), LICENSE_TYPE)
    return None if isinstance(claims, Refusal) else claims.get("jti")


def _job_of(request: Body) -> Key:
    """The job that a ConsentRequest stands for."""
    job = request.get("spec", {}).get("jobRef", {})
    return Key("RenderJob", str(job.get("namespace", "")), str(job.get("name", "")))


def _accepted(act: Body) -> object:
    return views.condition(act, "Accepted").get("status")


def _charge(body: Body | None) -> tuple[object, ...]:
    """What a license sees of a job."""
    status = (body or {}).get("status", {})
    return (status.get("meteredSeconds"), status.get("phase"))
