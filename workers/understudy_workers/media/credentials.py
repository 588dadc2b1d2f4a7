"""C2PA content credentials: what made a file, said by the farm's own certificate and bound to every byte that plays.

A file is ours only when its manifest chains to the farm's root (C2PA's state `Trusted`; `Valid` means no more than
"unchanged since somebody signed it") and its signer states our provenance assertion. Nothing is fetched from
anywhere. Free boxes at the end of an mp4 are outside the signature: keep a digest of the whole file beside it.
"""

import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import c2pa

PROVENANCE_LABEL = "dev.understudy.provenance"
# Captured plates, a mouth and a voice made by trained models.
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

_NO_MINING = {
    f"cawg.{use}": {"use": "notAllowed"}
    for use in ("ai_generative_training", "ai_inference", "ai_training", "data_mining")
}
_MEDIA_TYPE = "video/mp4"


@dataclass(frozen=True)
class Provenance:
    """What an output says about itself, forever and to anybody: identifiers and digests, no names of people.

    ``license_digest`` stands for the license's ``jti``; ``rendered_at`` is an ISO 8601 instant in UTC.
    """

    farm: str
    namespace: str
    job: str
    item_id: str
    license_digest: str
    twin_id: str
    twin_version: str
    rendered_at: str


@dataclass(frozen=True)
class Verdict:
    """Whether a file is this farm's: if so with its provenance, else with the reason in one line."""

    is_ours: bool
    reason: str
    provenance: Provenance | None = None


class UnreadableError(ValueError):
    """The file or the trust root cannot be read at all: nothing can be said about it."""


class Signer:
    """Signs outputs with one certificate chain; made once and used for many files, about 10 ms each.

    ``chain_pem`` is the leaf followed by its issuers; ``key_pem`` the leaf's key in PKCS #8; ``algorithm`` one of
    C2PA's names (es256 for EC P-256, ed25519). Raises ValueError when they do not fit together.
    """

    def __init__(self, chain_pem: bytes, key_pem: bytes, algorithm: str = "es256") -> None:
        info = c2pa.C2paSignerInfo(alg=algorithm.encode(), sign_cert=chain_pem, private_key=key_pem, ta_url=None)
        try:
            self._context = c2pa.Context.from_dict(_settings(""), signer=c2pa.Signer.from_info(info))
        except c2pa.C2paError as error:
            raise ValueError(f"content credentials: wanted a chain and its {algorithm} key, got {error}") from error

    def sign(self, source: Path, out: Path, provenance: Provenance) -> None:
        """Write ``source`` (mp4) to ``out`` with a manifest; ``out`` appears only when it is whole.

        The last step of an item: any later change of the file takes the credentials away. Raises ValueError when
        signing fails.
        """
        partial = out.with_name(f".{out.name}.{uuid.uuid4().hex}.mp4")
        try:
            with c2pa.Builder(_manifest(provenance), context=self._context) as builder:
                builder.sign_file(source, partial)
            partial.replace(out)
        except c2pa.C2paError as error:
            raise ValueError(f"{source}: wanted an mp4 to sign, got {error}; render it again") from error
        finally:
            partial.unlink(missing_ok=True)


def verify(path: Path, root_pem: bytes) -> Verdict:
    """Whether a video is ours, given the PEM of the root(s) we trust.

    Raises UnreadableError for a file that cannot be opened or is no mp4, and for a root that is no certificate.
    """
    context = _reading_context(root_pem)
    try:
        with path.open("rb") as file:
            if file.read(12)[4:8] != b"ftyp":
                raise UnreadableError(f"{path}: wanted an mp4 video, got something else; check the file")
            file.seek(0)
            reader = c2pa.Reader.try_create(_MEDIA_TYPE, file, context=context)
            if reader is None:
                return Verdict(False, "it carries no content credentials")
            with reader:
                return _judge(reader)
    except OSError as error:
        raise UnreadableError(f"{path}: wanted a readable file, got {error.strerror}; check the path") from error
    except c2pa.C2paError as error:
        return Verdict(False, f"its content credentials cannot be read ({error})")


def _reading_context(root_pem: bytes) -> c2pa.Context:
    wanted = "trust root: wanted a PEM certificate"
    if b"BEGIN CERTIFICATE" not in root_pem:
        raise UnreadableError(f"{wanted}, got something else; pass the farm's root.pem")
    try:
        return c2pa.Context.from_dict(_settings(root_pem.decode()))
    except (c2pa.C2paError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{wanted}, got a damaged one ({error}); pass the farm's root.pem") from error


def _judge(reader: c2pa.Reader) -> Verdict:
    if (state := reader.get_validation_state()) != "Trusted":
        return Verdict(False, _fault(state, reader.get_validation_results() or {}))
    manifest = reader.get_active_manifest() or {}
    for assertion in manifest.get("assertions", ()):
        # Gathered assertions are hearsay: only what the signer itself states counts.
        if assertion.get("label") == PROVENANCE_LABEL and assertion.get("created"):
            return _provenance(assertion.get("data"))
    return Verdict(False, "its signer is trusted but says nothing about a farm's item")


def _provenance(data: object) -> Verdict:
    try:
        provenance = Provenance(**data) if isinstance(data, dict) else None
    except TypeError:
        provenance = None
    if provenance is None or not all(isinstance(value, str) for value in asdict(provenance).values()):
        return Verdict(False, "its provenance is written in a form this version does not know")
    return Verdict(True, "its credentials are intact and signed by this farm", provenance)


def _fault(state: str | None, results: dict[str, Any]) -> str:
    """The reason a manifest is not trusted, worst first, in words and with C2PA's own code."""
    codes = [fault.get("code", "") for fault in results.get("activeManifest", {}).get("failure", ())]
    changed = [code for code in codes if "mismatch" in code.lower() or "missing" in code.lower()]
    if changed:
        return f"it was altered after signing ({changed[0]})"
    if "signingCredential.untrusted" in codes:
        return "it is signed by somebody this root does not know (signingCredential.untrusted)"
    return f"its credentials do not hold ({codes[0] if codes else state or 'no state'})"


def _settings(anchors: str) -> dict[str, Any]:
    trust = {"trust": {"user_anchors": anchors}} if anchors else {}
    return {
        "verify": {
            "verify_after_sign": False,
            "verify_trust": True,
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
        },
        "builder": {"thumbnail": {"enabled": False}},
        **trust,
    }


def _manifest(provenance: Provenance) -> str:
    action = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE, "when": provenance.rendered_at}
    assertions = [
        {"label": "c2pa.actions.v2", "data": {"actions": [action]}, "created": True},
        {"label": PROVENANCE_LABEL, "data": asdict(provenance), "created": True},
        {"label": "cawg.training-mining", "data": {"entries": _NO_MINING}, "created": True},
    ]
    generator = [{"name": "Understudy"}]
    return json.dumps(
        {
            "title": provenance.item_id,
            "format": _MEDIA_TYPE,
            "claim_generator_info": generator,
            "assertions": assertions,
        }
    )
