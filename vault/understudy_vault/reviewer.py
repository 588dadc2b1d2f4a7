"""Who calls? Asks the API server about a service account's token, which has to be made for the vault and no one else."""

from __future__ import annotations

import ssl
from typing import Final

import httpx

from understudy_api.release import AUDIENCE
from understudy_api.settings import ApiServerEndpoint
from understudy_api.verdict import Refusal

_PATH: Final = "/apis/authentication.k8s.io/v1/tokenreviews"
_TIMEOUT_SECONDS: Final = 5.0
_MAX_TOKEN: Final = 16_384


class ReviewError(Exception):
    """The API server does not answer, or will not review; one line with what, where and the cure."""


class Reviewer:
    """Reviews tokens, each one anew: a deleted service account is refused at once. Safe to use from several threads."""

    def __init__(self, apiserver: ApiServerEndpoint) -> None:
        self._apiserver = apiserver
        context = ssl.create_default_context(cafile=str(apiserver.ca_file) if apiserver.ca_file else None)
        self._http = httpx.Client(base_url=apiserver.url, verify=context, timeout=_TIMEOUT_SECONDS, trust_env=False)

    def user(self, token: str) -> str | Refusal:
        """The user a token belongs to, or that it is none of ours. Raises ReviewError."""
        if not token or len(token) > _MAX_TOKEN:
            return _stranger("no token, or a longer one than there are")
        review = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token, "audiences": [AUDIENCE]},
        }
        try:
            own = self._apiserver.token_file.read_text().strip()
            answer = self._http.post(_PATH, json=review, headers={"Authorization": f"Bearer {own}"})
        except OSError as error:
            raise ReviewError(
                f"{self._apiserver.token_file}: {error.strerror}; it holds the vault's own token"
            ) from error
        except httpx.HTTPError as error:
            raise ReviewError(
                f"{self._apiserver.url}: does not answer ({error or type(error).__name__}); is it up?"
            ) from error
        if answer.status_code != httpx.codes.CREATED:
            raise ReviewError(
                f"{self._apiserver.url}: TokenReview: HTTP {answer.status_code}; let the vault's service account create "
                "tokenreviews"
            )
        status = answer.json().get("status") or {}
        if status.get("authenticated") is not True or AUDIENCE not in (status.get("audiences") or ()):
            return _stranger(str(status.get("error") or f"wanted one made for {AUDIENCE}"))
        return str(status.get("user", {}).get("username") or "")


def _stranger(why: str) -> Refusal:
    return Refusal(
        reason="Unauthenticated",
        message=f"vault: the token is not accepted ({why[:200]}); present a service account's token made for {AUDIENCE}",
    )
