"""A studio over a real object store with a small twin, and one item it made."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from understudy_api.order import Order
from understudy_api.settings import ContentCredentials, DirectorListener, PoolSettings
from understudy_api.token import new_key, public_jwk
from understudy_cli.local.credentials_identity import open_identity
from understudy_workers.expand import plan
from understudy_workers.objects import Objects
from understudy_workers.pipeline import Studio
from understudy_workers.twins import publish
from understudy_workers.work import ItemWork, PlannedItem, TakeWork, permit_of, staging_prefix

ROWS = ({"id": "c1", "name": "Mia"}, {"id": "c2", "name": "Noor"})


@dataclass
class Backlot:
    """A studio over a real object store, the keys behind it, and a clock that tests move."""

    settings: PoolSettings
    studio: Studio
    objects: Objects
    signers: Any
    write_order: Callable[..., Order]
    root_pem: bytes
    times: list[float]
    """The present moment, for studio and vault alike."""
    strongbox: Any
    identity: Any
    """The performer's own key."""

    @property
    def now(self) -> float:
        return self.times[0]

    @now.setter
    def now(self, moment: float) -> None:
        self.times[0] = moment

    @property
    def seal(self) -> Any:
        """What the twin's takes and clips are sealed with."""
        return self.strongbox.seal(self.signers.genesis)

    @property
    def staging(self) -> str:
        return self.settings.buckets.staging

    def order(self, job: str, **changes: Any) -> Order:
        """An order of its own: nothing is shared with the orders of other jobs' licenses."""
        changes.setdefault("license", self.signers.license(jti=f"license-{job}"))
        return self.write_order(job=job, **changes)

    def items(self, order: Order) -> list[PlannedItem]:
        return list(plan(order, ROWS, b"k" * 32))

    def film(self, order: Order, items: list[PlannedItem]) -> list[Any]:
        """Performs every take of these items, each for all outputs at once."""
        works: dict[str, TakeWork] = {}
        for item in items:
            for take_id, clip_id, words in zip(item.take_ids, item.clip_ids, item.sentences, strict=True):
                work = works.get(take_id) or TakeWork(take_id, (), (), words, item.locale)
                if clip_id not in work.clip_ids:
                    clips, outputs = (*work.clip_ids, clip_id), (*work.outputs, item.output)
                    work = replace(work, clip_ids=clips, outputs=outputs)
                works[take_id] = work
        return [self.studio.perform(work, permit_of(order)) for work in works.values()]

    def finish(self, order: Order, item: PlannedItem, committed: float = 0.0) -> Any:
        work = ItemWork(item, committed, staging_prefix(order.uid, item.item_id))
        return self.studio.assemble(work, permit_of(order))


@pytest.fixture(scope="session")
def backlot(
    object_store: Any, tiny_twin: Any, signers: Any, open_strongbox: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Backlot]:
    signers = replace(signers, performers=[])
    times = [signers.now + 1.0]
    with open_strongbox(signers.farm, lambda: times[0]) as strongbox:
        yield from _backlot(object_store, tiny_twin, signers, strongbox, times, tmp_path_factory)


def _backlot(
    object_store: Any,
    tiny_twin: Any,
    signers: Any,
    strongbox: Any,
    times: list[float],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Backlot]:
    folder = tmp_path_factory.mktemp("pool")
    identity = open_identity(folder / "c2pa", "test farm")
    files = {"farm.jwk": signers.farm, "bundle.jwk": tiny_twin.key}
    for name, key in files.items():
        (folder / name).write_text(str(public_jwk(key)).replace("'", '"'))
    nothing = folder / "nothing"
    settings = PoolSettings(
        farm="test farm",
        s3=object_store.pool,
        director=DirectorListener(port=1, token_file=nothing, tls_cert=nothing, tls_key=nothing),
        bundle_key_file=nothing,
        bundle_public_key_file=folder / "bundle.jwk",
        farm_public_key_file=folder / "farm.jwk",
        vault=strongbox.endpoint,
        c2pa=ContentCredentials(chain_file=identity.chain, key_file=identity.key, root_file=identity.root),
        cache_key_file=nothing,
        metrics_port=1,
        work_dir=folder / "work",
    )
    objects, own_key = Objects(settings.s3), new_key()
    publish(objects, settings.buckets.twins, tiny_twin.folder, tiny_twin.key, strongbox.seal(signers.genesis))

    def written(**changes: Any) -> Order:
        return signers.order(**{"twin": tiny_twin.pin, **changes})  # type: ignore[no-any-return]

    backlot = Backlot(settings, None, objects, signers, written, identity.root.read_bytes(), times, strongbox, own_key)  # type: ignore[arg-type]
    backlot.studio = Studio(settings, clock=lambda: times[0], leave=lambda: None, identity=own_key)
    signers.performers.append(backlot.studio.thumbprint)
    yield backlot
    backlot.studio.close()
    objects.close()


@pytest.fixture(scope="session")
def shown(backlot: Backlot, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One item in two outputs, from words to files."""
    order = backlot.order("shown", scenes={"en-GB": ("Hello {name}! Spring is here.",)})
    items = backlot.items(order)[:2]
    takes = backlot.film(order, items)
    results = [backlot.finish(order, item) for item in items]
    folder = tmp_path_factory.mktemp("shown")
    for item, result in zip(items, results, strict=True):
        for file in result.staged:
            path = folder / f"{item.output.name}{Path(file.key).suffix}"
            backlot.objects.get_file(backlot.staging, file.key, path)
    return order, items, takes, results, folder
