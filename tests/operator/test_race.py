"""Two hundred jobs of twenty brands race for the last sixty seconds of one license.

Two operators work at once, without a Lease; one of them is killed at every step between two writes, and started again.
The pool makes what it is granted, and now and then an item more. A script that shares no code with us counts what came of it.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from director_peer import ITEM_SECONDS
from lone_operator import STEPS
from operator_site import Admin, Site, Tenant, condition_of, resource, until
from racing_peer import RacingPeer

from understudy_api import token
from understudy_api.digest import digest, digest_bytes
from understudy_api.genesis import sign_genesis
from understudy_api.ledger.account import Account, account_id
from understudy_api.ledger.chain import BEGINNING, Head, Link, link_key, next_link, to_bytes, verify_chain
from understudy_api.ledger.entry import Committed, Counted, Entry, Licensed, Released, Reserved
from understudy_api.settings import DirectorEndpoint
from understudy_api.terms import Assignee, Quota, sign_license
from understudy_cli.local.certificates import Authority
from understudy_cli.local.plan import free_ports
from understudy_operator.shell.key import Key
from understudy_operator.shell.objects import Objects

pytestmark = pytest.mark.farm
JOBS, BRANDS, LEFT_SECONDS, QUOTA_SECONDS = 200, 20, 60, 600
QUOTA_ITEMS = 27
"""One was made, 24 fit into the rest of the seconds: claims on items have to be given back for all of them to be made."""
LEDGER = "understudy-ledger"
SUPPORT = Path(__file__).parents[1] / "support"


@pytest.fixture
def racing(
    operator_site: Site, object_store: Any, tmp_path: Path, admin: Admin
) -> Iterator[tuple[RacingPeer, list[Path]]]:
    """A pool of its own that works by itself, and the settings of two operators that speak to it."""
    import ssl

    authority = Authority.open(tmp_path, "Racing pool")
    pair = authority.server(tmp_path, "director")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pair.certificate, pair.key)
    given = operator_site.settings
    bearer = given.director.token_file.read_text()
    peer = RacingPeer(Objects(object_store.pool), object_store.buckets, bearer, operator_site.farm_key, tls)
    peer.start()
    endpoint = DirectorEndpoint(
        url=f"https://127.0.0.1:{peer.port}", token_file=given.director.token_file, ca_file=authority.certificate_file
    )
    files = []
    for number in range(2):
        metrics, health = free_ports(2)
        changes = {"director": endpoint, "metrics_port": metrics, "health_port": health}
        files.append(tmp_path / f"operator-{number}.json")
        files[-1].write_text(given.model_copy(update=changes).model_dump_json())
    yield peer, files
    peer.close()


@pytest.fixture
def brands(admin: Admin, operator_site: Site) -> list[Tenant]:
    """Twenty brands under one owner."""
    root, owner = token.new_key(), admin.namespace("talent")
    genesis = sign_genesis(root, "Ada", int(time.time()), secrets.token_hex(16))
    thumbprint = token.thumbprint(operator_site.farm_key)
    return [Tenant(admin, owner, admin.namespace("brand"), root, genesis, thumbprint) for _ in range(BRANDS)]


class Supervised:
    """A lone operator: killed at steps at which nobody died yet, and started again."""

    def __init__(self, settings_file: Path, name: str, died_at: Path) -> None:
        environment = {**os.environ, "UNDERSTUDY_OPERATOR_SETTINGS": str(settings_file)}
        command = [sys.executable, str(SUPPORT / "lone_operator.py"), name, str(died_at)]
        with settings_file.with_suffix(".log").open("ab") as log:
            self.child = subprocess.Popen(command, env=environment, stderr=log)

    def end(self) -> None:
        self.child.terminate()
        self.child.wait(20)


def spend_the_rest(objects: Objects, account: str, brand: Tenant, text: str) -> None:
    """Write the chain of a license of which LEFT_SECONDS are left: an earlier job made all others."""
    terms = brand.terms()
    uid, made = "uid-of-an-earlier-job", (QUOTA_SECONDS - LEFT_SECONDS) * 1_000_000
    licensed = Licensed(
        license=digest_bytes(text.encode()),
        jti="the-last-minute",
        issued_at=terms.iat - 60,
        quota_micros=QUOTA_SECONDS * 1_000_000,
        quota_items=QUOTA_ITEMS,
        expires_at=terms.exp,
    )
    reserved = Reserved(
        uid=uid, license=licensed.license, order=digest("o"), segment=0, reserved_micros=made, items=1, granted_until=1
    )
    committed = Committed(uid=uid, segment=0, item=digest("i"), frames=made // 40_000, micros=made)
    entries: tuple[tuple[Entry, ...], ...] = (
        (licensed, reserved),
        (committed, Counted(uid=uid, segment=0, digest=digest("s"))),
        (Released(uid=uid, segment=1, reason="Stopped"),),
    )
    head = Head(Account(id=account), BEGINNING)
    for some in entries:
        link = next_link(head, some, time.time())
        assert isinstance(link, Link), link
        assert objects.create(LEDGER, link_key(account, link.sequence), to_bytes(link))
        head = Head(link.balance, digest_bytes(to_bytes(link)))


def test_two_hundred_jobs_race_for_the_last_minute(
    admin: Admin, pool: dict[str, Any], racing: Any, brands: list[Tenant], object_store: Any
) -> None:
    peer, files = racing
    objects = Objects(object_store.operator)
    first = brands[0]
    admin.create(first.twin())
    same = {
        "jti": f"last-minute-{secrets.token_hex(4)}",
        "quota": Quota(seconds=QUOTA_SECONDS, items=QUOTA_ITEMS),
        "exp": int(time.time()) + 3600,
    }
    texts = []
    for number, brand in enumerate(brands):
        texts.append(sign_license(brand.root, brand.terms(**same, assignee=Assignee(namespace=brand.brand))))
        spec = {"twinRef": {"name": "ada"}, "token": texts[-1]}
        admin.create(resource("License", brand.owner, f"brand-{number}", spec))
    account = account_id(texts[0])
    assert account is not None
    assert {account_id(text) for text in texts} == {account}, "one license: one owner, one jti"
    spend_the_rest(objects, account, first, texts[0])
    bodies = [
        admin.create(brand.job(f"race-{number}", f"brand-{place}"))
        for number in range(JOBS // BRANDS)
        for place, brand in enumerate(brands)
    ]
    uids = [body["metadata"]["uid"] for body in bodies]
    peer.only = set(uids)
    began = time.monotonic()
    died_at = files[0].with_name("died-at")
    died_at.mkdir()
    operators = [Supervised(file, name, died_at) for file, name in zip(files, ("left", "right"), strict=True)]
    try:
        until(lambda: is_over(objects, account, peer), seconds=200)
    except AssertionError:
        sys.stdout.write(in_trouble(admin, objects, account, peer, bodies))
        raise
    finally:
        for operator in operators:
            operator.end()
    took = time.monotonic() - began
    said = {
        "s3": {**object_store.root.model_dump(mode="json"), "ca_file": str(object_store.root.ca_file)},
        "ledger": LEDGER,
        "receipts": object_store.buckets.receipts,
        "outputs": object_store.buckets.outputs,
        "account": account,
        "quota_seconds": QUOTA_SECONDS,
        "quota_items": QUOTA_ITEMS,
        "uids": uids,
        "delivered": [f"{brand.brand}/" for brand in brands],
    }
    script = [sys.executable, str(SUPPORT / "recount.py")]
    done = subprocess.run(script, input=json.dumps(said), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    sys.stdout.write(f"race: {took:.1f} s, {found['links']} links, {len(peer.beyond)} items too many\n")
    assert found["wrong"] == []
    assert found["seconds"] == QUOTA_SECONDS
    assert len(found["items"]) * ITEM_SECONDS == LEFT_SECONDS, "not one item more, and not one less"
    assert found["delivered"] == sorted(set(peer.delivered))
    assert set(found["delivered"]) <= set(found["items"])
    assert found["seconds_in_logs"] >= LEFT_SECONDS, "what the pool made beyond it stands in its logs alone"
    assert found["open_claims"] == 0
    assert {step.name for step in died_at.iterdir()} == set(STEPS)
    keys = objects.keys(LEDGER, f"licenses/{account}/")
    stored = {number: objects.get(LEDGER, key) or b"" for number, key in enumerate(keys)}
    assert verify_chain(account, stored).findings == (), "our own check agrees"


def is_over(objects: Objects, account: str, peer: RacingPeer) -> bool:
    """Nothing is left that any item would fit into, nobody holds a claim, and all that counts is delivered."""
    threading.Event().wait(0.3)  # Asking more often would take the processor from the racers.
    newest = objects.get(LEDGER, objects.keys(LEDGER, f"licenses/{account}/")[-1])
    balance = Link.model_validate_json(newest or b"").balance
    counted = balance.used_items - 1
    return not balance.claims and balance.left_micros < ITEM_SECONDS * 1e6 and len(peer.delivered) >= counted


def in_trouble(admin: Admin, objects: Objects, account: str, peer: RacingPeer, bodies: list[dict[str, Any]]) -> str:
    """What to know of a race that does not end."""
    newest = objects.get(LEDGER, objects.keys(LEDGER, f"licenses/{account}/")[-1])
    balance = Link.model_validate_json(newest or b"").balance
    jobs = [admin.get(Key.of(body)) or {} for body in bodies]
    said = Counter(condition_of(job, "Admitted").get("reason", "nothing") for job in jobs)
    needed = Counter(job.get("status", {}).get("quotaNeededSeconds") for job in jobs)
    held = [(one.state, one.totals.done, one.committed) for one in map(peer.held, balance.claims) if one]
    return f"{balance.used_micros} used, {len(balance.claims)} claims, {said}, {needed}, {held}"
