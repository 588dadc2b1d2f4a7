"""The order a job amounts to, before its grant is signed."""

from __future__ import annotations

from understudy_api.declared_use import DeclaredUse
from understudy_api.keyring import Keyring
from understudy_api.order import Content, Delivery, Order, OrderedUse, S3Credentials, TwinPin, VideoOutput
from understudy_api.renderjob import RenderJobSpec
from understudy_operator.core.actions import UNSIGNED
from understudy_operator.core.budget import allowance
from understudy_operator.core.places import destination
from understudy_operator.core.state import JobState


def draft(
    state: JobState, spec: RenderJobSpec, keyring: Keyring, license_token: str, version: str, content: Content
) -> Order:
    """The order of a job that performs with twin `version`; its grant is UNSIGNED."""
    identity = state.identity
    where = destination(spec, identity.namespace, identity.name, state.farm.buckets)
    credentials = state.credentials if isinstance(state.credentials, S3Credentials) else None
    return Order(
        uid=identity.uid,
        generation=identity.edition,
        namespace=identity.namespace,
        job=identity.name,
        pool=spec.pool_ref.name,
        twin=TwinPin(id=keyring.twin_id, version=version),
        genesis=keyring.genesis.record,
        key_records=keyring.records,
        license=license_token,
        use=ordered_use(spec.use),
        content=content,
        locales=spec.locales,
        outputs=tuple(VideoOutput(name=out.name, width=out.width, height=out.height) for out in spec.outputs),
        delivery=Delivery(bucket=where.bucket, prefix=where.key, credentials=credentials),
        priority=spec.priority,
        max_failed_items=spec.failure_policy.max_failed_items,
        suspended=spec.suspend,
        retry=spec.retry,
        allowance=allowance(spec, state.pool),
        grant=UNSIGNED,
    )


def ordered_use(declared: DeclaredUse) -> OrderedUse:
    """What the brand declares, as orders and the license rule speak of it."""
    return OrderedUse(
        purpose=declared.purpose,
        channels=declared.channels,
        territories=declared.territories,
        categories=declared.categories,
        publish_until=declared.publish_until_seconds,
        puppeteering=declared.puppeteering,
        singing=declared.singing,
        edits=declared.edits,
        training_on_outputs=declared.training_on_outputs,
        apparent_age=declared.apparent_age,
        disclosures=declared.disclosures,
    )
