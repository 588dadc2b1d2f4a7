"""`understudy consent preview`: fetch a preview that only the owner's age identity opens, and open it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from understudy_cli.cluster_access import connect
from understudy_cli.errors import UserError

Identity = Annotated[Path, typer.Option("--identity", help="age identity file that opens it.", show_default=False)]


def preview(
    name: Annotated[str, typer.Argument(help="Name of the ConsentRequest.")],
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="The owner's namespace.")],
    identity: Identity,
    out: Annotated[Path, typer.Option(help="Folder to write to; must not exist.", show_default=False)],
) -> None:
    """Fetch and open the preview of a request, where the license allows one. It is labelled and signed like any video."""
    from understudy_cli.farm_reach import reach
    from understudy_cli.twin_custody import age_identity

    where = connect().get("consentrequest", name, namespace).get("status", {}).get("preview")
    if not where:
        raise UserError(f"{namespace}/{name}: has no preview; the license does not allow one, or it is not made yet")
    if out.exists():
        raise UserError(f"{out}: exists already; choose another folder or move it away")
    place, secret = urlsplit(where), age_identity(identity)
    with reach(None, None, None) as farm, farm.objects() as objects:
        sealed = {key: objects.get(place.netloc, key) for key in objects.keys(place.netloc, place.path.lstrip("/"))}
    opened = {key.removeprefix(place.path.lstrip("/")): _opened(data, secret) for key, data in sealed.items()}
    for key, data in opened.items():
        _write(out, key, data)
    typer.echo(
        f"{len(opened)} files in {out}: not delivered, not metered; answer with `understudy consent approve` or `deny`"
    )


def _opened(data: bytes, identity: str) -> bytes:
    import pyrage

    try:
        return bytes(pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(identity)]))
    except (pyrage.DecryptError, pyrage.IdentityError) as error:
        raise UserError(
            "the preview does not open with this identity; name the one whose recipient the license names"
        ) from error


def _write(folder: Path, key: str, data: bytes) -> None:
    from understudy_cli.local.home import write_private

    path = folder / key
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{key}: is no name of a preview's file")
    write_private(path, data)
