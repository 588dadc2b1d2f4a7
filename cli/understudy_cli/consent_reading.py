"""A ConsentRequest as a person may trust it: digests recomputed, the list held against what would be signed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from understudy_api.categories import category_names
from understudy_api.consent import ConsentSubject
from understudy_api.consentrequest import ConsentRequestSpec
from understudy_api.digest import canonical, digest_bytes
from understudy_api.moderation.listing import FORMAT
from understudy_cli.errors import UserError

MAX_LIST_BYTES = 1 << 30


@dataclass(frozen=True)
class Asked:
    """A request whose digests hold."""

    namespace: str
    name: str
    spec: ConsentRequestSpec
    subject: ConsentSubject
    entries_read: tuple[dict[str, Any], ...]
    """Sentences, or templates and values, as far as they are at hand."""
    complete: bool
    """Whether that is the whole list, proved by its digest."""
    standing: str

    @property
    def twin(self) -> str:
        """Name of the TwinModel."""
        return self.spec.twin_ref.name

    @property
    def awaits(self) -> str:
        """owner or reviewer."""
        return self.spec.awaits

    @property
    def entries(self) -> int:
        """How long the list is."""
        return self.spec.sentences.entries

    @property
    def url(self) -> str:
        """Where the list lies."""
        return self.spec.sentences.s3

    def lines(self) -> Iterator[str]:
        """The request for the terminal."""
        yield f"{self.namespace}/{self.name}: {self.standing}"
        yield ""
        for line in self.spec.summary:
            yield f"  {line}"
        if self.spec.findings:
            yield ""
            yield "Why somebody has to look:"
            for found in self.spec.findings:
                about = found.category or {"NoTermList": "no term list for the language"}.get(found.why, found.why)
                term = f" ({found.term})" if found.term else ""
                yield f"  {found.locale}  {about}{term}: {found.sentence}"
        yield ""
        yield "What would be said:"
        for entry in self.entries_read:
            yield f"  {entry_in_words(entry)}"
        if not self.complete:
            yield f"  ... {self.entries:,} in all; download {self.url} and name it with --list"
        yield ""
        yield f"List    sha256 {self.subject.listing}{' (checked)' if self.complete else ''}"
        yield f"Signed  digest {self.subject.digest}"


def read_request(body: Mapping[str, Any], list_file: Path | None = None) -> Asked:
    """A request from the API server, checked; UserError when it does not say what its digest says."""
    where = f"{body['metadata']['namespace']}/{body['metadata']['name']}"
    try:
        spec = ConsentRequestSpec.model_validate(body["spec"])
        subject = ConsentSubject.model_validate_json(spec.subject)
    except (ValidationError, KeyError) as error:
        raise UserError(f"{where}: is not a ConsentRequest this version can read ({type(error).__name__})") from error
    if subject.digest != spec.digest or subject.listing != spec.sentences.sha256:
        raise UserError(f"{where}: its digest does not cover what it shows; do not sign it, tell the farm's people")
    entries, complete = _entries(spec, subject, list_file)
    return Asked(
        namespace=str(body["metadata"]["namespace"]),
        name=str(body["metadata"]["name"]),
        spec=spec,
        subject=subject,
        entries_read=entries,
        complete=complete,
        standing=_standing(body),
    )


def _entries(
    spec: ConsentRequestSpec, subject: ConsentSubject, list_file: Path | None
) -> tuple[tuple[dict[str, Any], ...], bool]:
    """The list from the file, or rebuilt from the object itself where all of it stands there."""
    if list_file is not None:
        return _read_list(list_file, subject), True
    shown = tuple({"locale": one.locale, "sentence": one.sentence} for one in spec.first)
    head = {"format": FORMAT, "form": subject.form, "content": subject.content}
    rebuilt = b"".join(canonical(entry) + b"\n" for entry in (head, *shown))
    return shown, digest_bytes(rebuilt) == subject.listing


def _read_list(path: Path, subject: ConsentSubject) -> tuple[dict[str, Any], ...]:
    try:
        if path.stat().st_size > MAX_LIST_BYTES:
            raise UserError(f"{path}: larger than 1 GiB; is it the right file?")
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot read the list ({error.strerror})") from error
    if digest_bytes(data) != subject.listing:
        raise UserError(f"{path}: its SHA-256 is {digest_bytes(data)[:16]}..., wanted {subject.listing[:16]}...")
    return tuple(json.loads(line) for line in data.splitlines()[1:])


def entry_in_words(entry: Mapping[str, Any]) -> str:
    """One entry of a list for the terminal."""
    if "sentence" in entry:
        return f"{entry['locale']:<6} {entry['sentence']}"
    if "template" in entry:
        return f"{entry['locale']:<6} {entry['template']}"
    return f"{{{entry['column']}}} = {entry['value']}"


def condition(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A condition of an object's status; empty when there is none."""
    found = body.get("status", {}).get("conditions", ())
    return next((dict(one) for one in found if one.get("type") == kind), {})


def _standing(body: Mapping[str, Any]) -> str:
    for kind in ("Approved", "Denied", "Pending"):
        found = condition(body, kind)
        if found.get("status") == "True":
            return f"{kind.lower()}: {found.get('message') or found.get('reason')}"
    return "not looked at yet"


def table(bodies: Sequence[Mapping[str, Any]]) -> list[str]:
    """Requests for the terminal, one a line."""
    rows = [("NAMESPACE", "NAME", "BRAND/JOB", "ABOUT", "AWAITS", "STATE")]
    for body in bodies:
        spec = body["spec"]
        subject = json.loads(spec["subject"])
        about = category_names(subject.get("categories", ())) or "unknown"
        job = f"{spec['jobRef']['namespace']}/{spec['jobRef']['name']}"
        metadata = body["metadata"]
        rows.append(
            (metadata["namespace"], metadata["name"], job, about[:60], spec["awaits"], _standing(body).split(":")[0])
        )
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
