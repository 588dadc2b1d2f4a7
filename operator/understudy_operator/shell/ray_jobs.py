"""Ray's Jobs API over HTTP, as far as it starts a director."""

from __future__ import annotations

from typing import Any, Final

import httpx

from understudy_api.settings import RayEndpoint
from understudy_operator.core.state import Submission
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.release import POOL_VARIABLE, VARIABLE

TIMEOUT_SECONDS: Final = 5.0
SUBMIT_TIMEOUT_SECONDS: Final = 30.0
"""A cluster that has just started takes its time over the first submission."""
ENTRYPOINT: Final = "python -m understudy_workers.director"
PREFIX: Final = "understudy-director-"
_STATUSES: Final = frozenset({"PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"})


class RayJobs:
    """A client of one Ray cluster's Jobs API. The token is read anew for each request."""

    def __init__(self, endpoint: RayEndpoint, entrypoint: str = ENTRYPOINT) -> None:
        self._entrypoint = entrypoint
        self._token_file = endpoint.token_file
        self._http = httpx.Client(base_url=endpoint.address, timeout=TIMEOUT_SECONDS, trust_env=False)

    def submissions(self) -> tuple[Submission, ...]:
        """Submissions of directors, oldest first."""
        answer = self._send("GET", "/api/jobs/")
        if answer.status_code != 200:
            raise _unexpected(answer)
        try:
            found = [_submission(entry) for entry in answer.json() if _is_ours(entry)]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise OutageError("Ray", f"GET /api/jobs/: unreadable answer ({error})") from error
        return tuple(sorted(found, key=lambda one: one.submitted_at))

    def submit(self, submission_id: str, release: str, pool: str) -> None:
        """Start the director of a pool under this id; an id that was used already is left as it is."""
        body = {
            "entrypoint": self._entrypoint,
            "submission_id": submission_id,
            "runtime_env": {"env_vars": {VARIABLE: release, POOL_VARIABLE: pool}},
            "metadata": {"release": release},
        }
        answer = self._send("POST", "/api/jobs/", body, SUBMIT_TIMEOUT_SECONDS)
        if answer.status_code != 200 and not self._is_known(submission_id):
            raise _unexpected(answer)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _is_known(self, submission_id: str) -> bool:
        return self._send("GET", f"/api/jobs/{submission_id}").status_code == 200

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None = None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> httpx.Response:
        try:
            headers = {"Authorization": f"Bearer {self._token_file.read_text().strip()}"}
            return self._http.request(method, path, json=body, headers=headers, timeout=timeout_seconds)
        except httpx.HTTPError as error:
            text = str(error) or type(error).__name__
            raise OutageError("Ray", f"{self._http.base_url} does not answer: {text}") from error
        except OSError as error:
            raise OutageError("Ray", f"{self._token_file}: cannot be read ({error.strerror})") from error


def _is_ours(entry: dict[str, Any]) -> bool:
    return str(entry.get("submission_id") or "").startswith(PREFIX)


def _submission(entry: dict[str, Any]) -> Submission:
    status = str(entry["status"])
    return Submission(
        submission_id=str(entry["submission_id"]),
        status=status if status in _STATUSES else "PENDING",  # type: ignore[arg-type]
        submitted_at=float(entry.get("start_time") or 0) / 1000,
        message=str(entry.get("message") or ""),
    )


def _unexpected(answer: httpx.Response) -> OutageError:
    cure = "; check that operator and Ray share a token" if answer.status_code in (401, 403) else ""
    text = answer.text.strip().splitlines()
    detail = f" {text[-1][:200]}" if text and not cure else ""
    request = answer.request
    return OutageError("Ray", f"{request.method} {request.url.path}: HTTP {answer.status_code}{detail}{cure}")
