"""Ray and the director from here, with the tokens that the operator's settings name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from understudy_api.settings import OperatorSettings
from understudy_cli.checks.check import Check, failed, passed
from understudy_cli.local.probe import answers, trusting

_TOKEN: Final = "the token is another one: give Ray, director and operator the same files"  # noqa: S105 - no secret
_REACH: Final = "check that it runs, its address in the settings, and that this machine may reach it"


def pool_servers(settings: OperatorSettings) -> list[Check]:
    """Ray's Jobs API and the director's HTTP."""
    ray, director = settings.ray, settings.director
    return [
        reached("ray", f"{ray.address}/api/jobs/", ray.token_file, None),
        reached("director", f"{director.url}/v1/orders", director.token_file, director.ca_file),
    ]


def reached(name: str, url: str, token_file: Path, authority: Path | None) -> Check:
    """Whether a server answers 200 to its token."""
    try:
        bearer = {"Authorization": f"Bearer {token_file.read_text(encoding='utf-8').strip()}"}
        trust = trusting(authority) if authority else True
    except OSError as error:
        return failed(
            name, f"{error.filename or authority}: {error.strerror}", "name readable files in the operator's settings"
        )
    problem = answers(url, trust, bearer)
    if problem is None:
        return passed(name, f"{url} answers")
    refused = problem in {"HTTP 401", "HTTP 403"}
    return failed(name, f"{url}: {' '.join(problem.split())}", _TOKEN if refused else _REACH)
