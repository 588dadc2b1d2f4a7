"""Everything there is to look at, and what single objects look like to those that name them."""

from __future__ import annotations

from dataclasses import dataclass

from understudy_api.genesis import twin_id
from understudy_api.ledger.account import Account, account_id
from understudy_api.ledger.entry import Entry
from understudy_operator.core.state import LicenseView, LogHead, PoolView, TwinView
from understudy_operator.shell import views
from understudy_operator.shell.act_book import ActBook
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.farm import Farm
from understudy_operator.shell.herald import Herald
from understudy_operator.shell.key import Key
from understudy_operator.shell.larder import Larder
from understudy_operator.shell.ledger import Ledger
from understudy_operator.shell.namespaces import Namespaces
from understudy_operator.shell.pools import Pools
from understudy_operator.shell.price_book import PriceBook
from understudy_operator.shell.quarantine import Quarantine
from understudy_operator.shell.ray_clusters import RayClusters
from understudy_operator.shell.receipts import Receipts
from understudy_operator.shell.register_book import RegisterBook
from understudy_operator.shell.status_lists import StatusLists
from understudy_operator.shell.store import Store


@dataclass(frozen=True)
class Sources:
    """Everything there is to look at."""

    farm: Farm
    release: str
    cluster: Cluster
    store: Store
    receipts: Receipts
    ledger: Ledger
    larder: Larder
    acts: ActBook
    register: RegisterBook
    namespaces: Namespaces
    quarantine: Quarantine
    lists: StatusLists
    herald: Herald
    pools: Pools
    ray_clusters: RayClusters
    prices: PriceBook

    def twin_view(self, namespace: str, name: str) -> TwinView | None:
        """A TwinModel; None when there is none or it is being deleted."""
        body = self.store.get(Key("TwinModel", namespace, name))
        if body is None or views.is_deleted(body):
            return None
        return views.twin(body, self.acts.word(twin_id(str(body.get("spec", {}).get("genesis", "")))))

    def license_view(self, key: Key, twin: TwinView | None) -> LicenseView | None:
        """A License with its account, place in the register and standing by its list; None when it is gone."""
        body = self.store.get(key)
        if body is None or views.is_deleted(body):
            return None
        token = str(body.get("spec", {}).get("token", ""))
        return LicenseView(
            token=token,
            account=self.account(token),
            registration=self.register.registration(twin, token),
            standing=self.lists.standing(token),
        )

    def account(self, token: str) -> Account | None:
        """The account a token is counted in; None when it names none."""
        name = account_id(token)
        return self.ledger.account(name) if name is not None else None

    def unwritten(self, account: Account | None, said: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """The facts that the ledger does not hold yet. Read after the account, so that whatever its chain holds is seen."""
        return self.ledger.unwritten(account.id, said) if account else ()

    def next_segment(self, uid: str, account: Account | None, head: LogHead | None, done: bool) -> int:
        """First segment of a job's log that its account has not counted; nobody asks for that of a job that is done."""
        if account is None or head is None:
            return 0
        claim = account.claims.get(uid)
        if claim is not None:
            return claim.segment
        length = head.sequence + 1
        return length if done else self.ledger.next_segment(account.id, uid, length)

    def pool_view(self, name: str, uid: str, training: bool = False) -> PoolView | None:
        """A RenderPool and what its director says of this job or, with `training`, of this twin."""
        body, way = self.store.get(Key("RenderPool", "", name)), self.pools.of(name)
        if body is None or way is None or views.is_deleted(body):
            return None
        pool = way.pool
        look = pool.look()
        reachable = look.board is not None
        return PoolView(
            name=name,
            prices=views.prices(body),
            reachable=reachable,
            problem=look.problem,
            held=pool.held(uid) if reachable and not training else None,
            training=pool.training(uid) if reachable and training else None,
            training_grant=pool.training_grant(uid),
            grant_expires_at=pool.grant_expires_at(uid),
            performers=pool.performers,
            grant_performers=pool.grant_performers(uid),
            granted_seconds=pool.granted_seconds(uid),
            granted_items=pool.granted_items(uid),
            answer=pool.answer(uid),
        )
