"""The owner's way to a farm's vault: acts signed with the root key, and the data key of one's own twin."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from joserfc.jwk import OKPKey

from understudy_api.acts import Erase, Export, sign_act
from understudy_api.genesis import twin_id
from understudy_api.keyring import Keyring, Signatory
from understudy_api.model import Model
from understudy_api.passcode import Passcode, PasscodeAsking, sign_passcode_request
from understudy_api.release import HandedOver, Handover, Heeded, OwnersWord, decode
from understudy_api.verdict import Verdict
from understudy_cli.errors import UserError
from understudy_cli.signing import signed

if TYPE_CHECKING:
    from understudy_cli.local.part import Site
    from understudy_workers.sealing import Seal

ACT_SECONDS: Final = 600
ANSWER_SECONDS: Final = 240.0
"""An erasure is answered once no performer holds the key any more: as long as a lease may last, and some."""


@dataclass(frozen=True)
class OwnerVault:
    """One farm's vault as an owner sees it. `authority` is the PEM file that vouches for it."""

    url: str
    authority: Path

    @classmethod
    def of(cls, site: Site) -> OwnerVault:
        """The vault of the farm on this machine."""
        from understudy_cli.local.vault_process import vault_url

        return cls(vault_url(site), site.authority)

    def seal(self, root: OKPKey, genesis: str, records: tuple[str, ...] = (), *, adopt: bool = False) -> Seal:
        """The key of the owner's twin; with `adopt` one is made when the twin is new to this vault. UserError otherwise."""
        import pyrage

        from understudy_workers.sealing import Seal

        now, identity, twin = int(time.time()), pyrage.x25519.Identity.generate(), twin_id(genesis)
        act = Export(twin=twin, recipient=str(identity.to_public()), iat=now, exp=now + ACT_SECONDS)
        asked = Handover(genesis=genesis, key_records=records, act=sign_act(root, act), adopt=adopt)
        handed = HandedOver.model_validate_json(self._post("/v1/handover", asked))
        return Seal(twin, pyrage.decrypt(decode(handed.sealed_key), [identity]))

    def erase(self, root: OKPKey, genesis: str, records: tuple[str, ...] = (), reason: str = "") -> str:
        """Has the twin's key destroyed; returns the vault's receipt (JWS). UserError when it refuses."""
        act = sign_act(root, Erase(twin=twin_id(genesis), reason=reason, iat=int(time.time())))
        heeded = Heeded.model_validate_json(
            self._post("/v1/acts", OwnersWord(genesis=genesis, key_records=records, act=act))
        )
        if heeded.receipt is None:
            raise UserError(f"{self.url}: the vault gave no receipt; ask it again")
        return heeded.receipt

    def passcode(self, by: Signatory, ring: Keyring) -> Passcode:
        """A passcode for a capture of the twin; `by` holds its consent or root key. UserError when the vault refuses."""
        request = signed(lambda: sign_passcode_request(by, ring.twin_id, int(time.time())))
        asked = PasscodeAsking(genesis=ring.genesis.record, key_records=ring.records, request=request)
        return Passcode.model_validate_json(self._post("/v1/passcodes", asked))

    def _post(self, path: str, body: Model) -> bytes:
        context = ssl.create_default_context(cafile=str(self.authority))
        try:
            with httpx.Client(verify=context, trust_env=False, timeout=ANSWER_SECONDS) as http:
                answer = http.post(self.url + path, content=body.model_dump_json())
        except httpx.HTTPError as error:
            raise UserError(
                f"{self.url}: the vault does not answer ({error or type(error).__name__}); `understudy status`"
            ) from error
        if answer.status_code == httpx.codes.FORBIDDEN:
            raise UserError(f"the vault refuses: {Verdict.model_validate_json(answer.content).message}")
        if answer.status_code != httpx.codes.OK:
            raise UserError(f"{self.url}{path}: HTTP {answer.status_code}; see the vault's log")
        return answer.content
