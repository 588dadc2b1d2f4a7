"""`understudy demo`: the whole farm at work, from a capture to licensed videos in six languages."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from understudy_api import token
from understudy_cli.campaign import manifests, report, storage, watch
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import buckets, object_store, toolchain
from understudy_cli.local.home import Home, private_folder
from understudy_cli.local.keys import Keys
from understudy_cli.local.part import Site
from understudy_cli.owner_vault import OwnerVault

TRAINING_LIMIT_SECONDS = 1800
JOB_LIMIT_SECONDS = 1800
REFUSAL_LIMIT_SECONDS = 60


@dataclass(frozen=True)
class Stage:
    """What every scene of the demo needs."""

    console: Console
    site: Site
    kubectl: Kubectl
    folder: Path
    examples: manifests.Examples

    @property
    def bucket(self) -> str:
        """The farm's outputs bucket."""
        return buckets.BUCKETS.outputs


def demo(
    out: Annotated[Path, typer.Option(help="Folder the finished campaign is downloaded to; it is replaced.")] = Path(
        "demo-out"
    ),
    effort: Annotated[str, typer.Option(help="How long to train: Quick, Standard or Thorough.")] = "Standard",
) -> None:
    """Start the farm, train a twin, render 36 licensed videos, refuse a job, change a sentence; show the results."""
    from understudy_cli.farm import bring_up

    console, began = Console(), time.monotonic()
    examples = manifests.Examples.find()
    console.rule("[bold]1  the farm")
    site = bring_up(console)
    kubectl = Kubectl(toolchain.require("kubectl"), site.kubeconfig)
    stage = Stage(console, site, kubectl, private_folder(Home.default().root / "demo"), examples)
    console.rule("[bold]2  a twin, trained from footage")
    _train(stage, effort)
    console.rule("[bold]3  a licensed campaign")
    jobs = _render(stage)
    console.rule("[bold]4  what there is now")
    _show(stage, jobs, out)
    console.print(
        f"\nThe demo took {time.monotonic() - began:.0f} s. The farm is still up: [bold]make stop[/] ends it."
    )


def _train(stage: Stage, effort: str) -> None:
    for name in (manifests.OWNER_NAMESPACE, manifests.BRAND_NAMESPACE):
        stage.kubectl.apply(manifests.namespace(name))
    store = buckets.client(object_store.settings(stage.site, "root"))
    storage.upload_once(store, stage.examples.capture, stage.bucket, manifests.CAPTURE_KEY)
    model = manifests.twin(stage.folder, stage.bucket, effort)
    vault = OwnerVault.of(stage.site)
    stage.kubectl.apply(manifests.consented(stage.folder, model, stage.examples.capture, vault))
    stage.console.print("The owner signed consent to the capture, with a passcode of the vault: [bold]captureConsent")
    where = ("twinmodel", manifests.TWIN, manifests.OWNER_NAMESPACE)
    model = watch.wait(stage.kubectl, stage.console, "training ada", where, watch.twin_look, TRAINING_LIMIT_SECONDS)
    stage.console.print(report.scores(model))


def _render(stage: Stage) -> list[dict[str, Any]]:
    farm = token.thumbprint(token.load_key(Keys.at(Home.default()).farm_public.read_text(encoding="utf-8")))
    for terms in ("license.yaml", "license-europe.yaml"):
        stage.kubectl.apply(manifests.signed_license(stage.folder, stage.examples.campaign(terms), farm))
    job = stage.examples.campaign("renderjob.yaml")
    finished = [_finish(stage, job)]
    _refuse(stage, manifests.refused(job))
    before, after = manifests.CHANGED_SENTENCE
    stage.console.print(f"A changed sentence: [dim]{before}[/] -> [bold]{after}")
    return [*finished, _finish(stage, manifests.changed(job))]


def _finish(stage: Stage, job: dict[str, Any]) -> dict[str, Any]:
    stage.kubectl.apply(job)
    name = job["metadata"]["name"]
    where = ("renderjob", name, manifests.BRAND_NAMESPACE)
    return watch.wait(stage.kubectl, stage.console, f"rendering {name}", where, watch.job_look, JOB_LIMIT_SECONDS)


def _refuse(stage: Stage, job: dict[str, Any]) -> None:
    stage.kubectl.apply(job)
    where = ("renderjob", job["metadata"]["name"], manifests.BRAND_NAMESPACE)
    refusal = watch.wait_refused(stage.kubectl, where, REFUSAL_LIMIT_SECONDS)
    stage.console.print(f"{where[1]} is refused, as it has to be: [bold]{refusal['reason']}[/]", highlight=False)
    for reason in refusal["message"].split("; license: "):
        stage.console.print(f"  - {reason.removeprefix('license: ')}", highlight=False)


def _show(stage: Stage, jobs: list[dict[str, Any]], out: Path) -> None:
    console = stage.console
    for words in (("renderpools",), ("twinmodels", "-A"), ("licenses", "-A"), ("renderjobs", "-A")):
        console.print(f"[bold]$ kubectl get {' '.join(words)}")
        console.print(stage.kubectl.table(*words), highlight=False, markup=False, soft_wrap=True)
    console.print(report.table([report.figures(job) for job in jobs]))
    store = buckets.client(object_store.settings(stage.site, "root"))
    prefix = f"{manifests.BRAND_NAMESPACE}/{jobs[0]['metadata']['name']}/"
    with console.status("downloading the campaign") as status:
        count = storage.download(store, stage.bucket, prefix, out, lambda name: status.update(f"downloading {name}"))
    console.print(
        f"\n{count} files in [bold]{out}[/]. Open the contact sheet: [bold]{(out / 'contact-sheet.html').resolve()}"
    )
    console.print(f"Is a file ours? [bold]understudy verify {next(iter(sorted(out.rglob('*.mp4'))))}")
    console.print(f"Look around: [bold]export KUBECONFIG={stage.site.kubeconfig}")
