"""`understudy consent`: read what a brand wants the twin to say, and sign a yes or a no to exactly that."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from understudy_api.acts import ConsentAnswer, sign_act
from understudy_api.model import API_VERSION
from understudy_cli import capture_consent, consent_preview
from understudy_cli.cluster_access import connect
from understudy_cli.consent_reading import Asked, condition, read_request, table
from understudy_cli.errors import UserError
from understudy_cli.files import read_key

DEFAULT_DAYS = 90
_DAY_SECONDS = 86_400

app = typer.Typer(
    help="Read and answer requests to let a twin speak of something sensitive; consent to a capture.",
    no_args_is_help=True,
)
app.command("capture")(capture_consent.capture)
app.command("preview")(consent_preview.preview)

Name = Annotated[str, typer.Argument(help="Name of the ConsentRequest.")]
Namespace = Annotated[str, typer.Option("--namespace", "-n", help="The owner's namespace.")]
ListFile = Annotated[
    Path | None, typer.Option("--list", help="The whole list of sentences, downloaded; wanted where it is long.")
]
KeyFile = Annotated[Path | None, typer.Option("--key", help="The owner's consent or root key (JWK).")]
PrintOnly = Annotated[bool, typer.Option("--print", help="Print the OwnerAct instead of applying it.")]
AsReviewer = Annotated[bool, typer.Option("--review", help="Answer as a reviewer of the farm, in your own name.")]


@app.command("list")
def list_(
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="One namespace; default: all.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
) -> None:
    """List requests that wait for an answer."""
    found = connect().every("consentrequests", *(("-n", namespace) if namespace else ("-A",)))
    rows = [one for one in found if everything or condition(one, "Pending").get("status") != "False"]
    typer.echo("\n".join(table(rows)) if rows else "Nothing waits for an answer.")


@app.command()
def show(name: Name, namespace: Namespace, list_file: ListFile = None) -> None:
    """Print everything that a signature would cover, after checking it against its digest."""
    asked = read_request(connect().get("consentrequest", name, namespace), list_file)
    for line in asked.lines():
        typer.echo(line)


@app.command()
def approve(
    name: Name,
    namespace: Namespace,
    key: KeyFile = None,
    list_file: ListFile = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="For how many days the yes holds.")] = DEFAULT_DAYS,
    review: AsReviewer = False,
    reason: Annotated[str, typer.Option(help="Why, for a review.")] = "",
    only_print: PrintOnly = False,
) -> None:
    """Sign a yes to the very list; a changed word will need another."""
    _answer("approve", name, namespace, key, list_file, days, review, reason, only_print)


@app.command()
def deny(
    name: Name,
    namespace: Namespace,
    key: KeyFile = None,
    list_file: ListFile = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="For how many days the no holds.")] = 3660,
    review: AsReviewer = False,
    reason: Annotated[str, typer.Option(help="Why, for a review.")] = "",
    only_print: PrintOnly = False,
) -> None:
    """Sign a no; it takes back an earlier yes too."""
    _answer("deny", name, namespace, key, list_file, days, review, reason, only_print)


def _answer(
    answer: str,
    name: str,
    namespace: str,
    key: Path | None,
    list_file: Path | None,
    days: int,
    review: bool,
    reason: str,
    only_print: bool,
) -> None:
    kubectl = connect()
    asked = read_request(kubectl.get("consentrequest", name, namespace), list_file)
    if review:
        _review(kubectl, asked, answer, reason)
        return
    if key is None:
        raise UserError(f"consent {answer}: wanted --key with the owner's consent key, or --review as a reviewer")
    if answer == "approve" and not asked.complete:
        raise UserError(
            f"consent approve: the list has {asked.entries:,} entries and only its beginning stands in the object; "
            f"download {asked.url} and name it with --list"
        )
    act = signed_answer(asked, read_key(key), answer, int(time.time()), days * _DAY_SECONDS)
    if only_print:
        typer.echo(yaml.safe_dump(act, sort_keys=False), nl=False)
        return
    kubectl.apply(act)
    word = "approved" if answer == "approve" else "denied"
    typer.echo(f"{namespace}/{name}: {word}, signed digest {asked.subject.digest}")


def signed_answer(asked: Asked, key: Any, answer: str, now: int, seconds: int) -> dict[str, Any]:
    """The OwnerAct manifest that answers a request."""
    subject = asked.subject
    claims = ConsentAnswer.model_validate(
        {
            "twin": subject.twin,
            "request": subject.digest,
            "license": subject.license,
            "answer": answer,
            "iat": now,
            "exp": now + seconds,
        }
    )
    return {
        "apiVersion": API_VERSION,
        "kind": "OwnerAct",
        "metadata": {"name": f"consent-{subject.digest[:16]}-{answer}-{now}", "namespace": asked.namespace},
        "spec": {"twinRef": {"name": asked.twin}, "act": sign_act(key, claims)},
    }


def _review(kubectl: Any, asked: Asked, answer: str, reason: str) -> None:
    if asked.awaits != "reviewer":
        raise UserError(f"{asked.namespace}/{asked.name}: it is for the owner to answer, with --key")
    who = kubectl.whoami()
    review = {"answer": answer, "reviewer": who, "digest": asked.subject.digest, "reason": reason}
    kubectl.patch_status("consentrequest", asked.name, asked.namespace, {"review": review})
    typer.echo(f"{asked.namespace}/{asked.name}: {answer} by {who}, digest {asked.subject.digest}")
