"""Charges in the columns of FOCUS, the FinOps Open Cost and Usage Specification (https://focus.finops.org). Pure.

Its cost columns may not be empty. What is unpriced is therefore 0 of the currency XXX (ISO 4217: no currency), with
`x_Unpriced` true, so that it is in no currency's sum.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from understudy_cli.cost_report.charge import MICROS_PER_SECOND, Charge, What

Version = Literal["1.3", "1.4"]
Cell = str | Decimal | datetime | bool | None

NO_CURRENCY: Final = "XXX"
IDLE_METHOD: Final = "understudy-idle-by-share-of-use"
PROVIDER: Final = "Understudy"
LEFT_IN_1_4: Final = ("ProviderName", "PublisherName")
"""Deprecated by 1.3, gone from 1.4; readers of 1.2 need them."""
TAG_PREFIX: Final = "understudy.dev/"


@dataclass(frozen=True)
class _Service:
    category: str
    subcategory: str
    name: str
    unit: str
    words: str


_WORKERS: Final = ("Compute", "Other (Compute)", "Render workers", "Hours")
SERVICES: Final[Mapping[What, _Service]] = {
    "busy": _Service(*_WORKERS, "Workers, busy"),
    "idle": _Service(*_WORKERS, "Workers, idle: by share of use of the hour"),
    "unallocated": _Service(*_WORKERS, "Workers, idle: nobody used them in the hour"),
    "storage": _Service("Storage", "Object Storage", "Output storage", "GiB-Months", "Outputs kept (estimate)"),
    "egress": _Service("Networking", "Other (Networking)", "Output delivery", "GiB", "Outputs delivered (estimate)"),
    "royalty": _Service("Media", "Other (Media)", "Likeness licenses", "Units", "Royalty"),
    "correction": _Service("Media", "Other (Media)", "Likeness licenses", "Units", "Royalty, corrected"),
}

_TEXT, _NUMBER, _TIME, _FLAG = "VARCHAR", "DECIMAL(38,18)", "TIMESTAMP WITH TIME ZONE", "BOOLEAN"
TYPES: Final[Mapping[str, str]] = {
    "AllocatedMethodDetails": _TEXT,
    "AllocatedMethodId": _TEXT,
    "AllocatedResourceId": _TEXT,
    "AllocatedResourceName": _TEXT,
    "AllocatedTags": _TEXT,
    "BilledCost": _NUMBER,
    "BillingAccountId": _TEXT,
    "BillingAccountName": _TEXT,
    "BillingCurrency": _TEXT,
    "BillingPeriodEnd": _TIME,
    "BillingPeriodStart": _TIME,
    "ChargeCategory": _TEXT,
    "ChargeClass": _TEXT,
    "ChargeDescription": _TEXT,
    "ChargeFrequency": _TEXT,
    "ChargePeriodEnd": _TIME,
    "ChargePeriodStart": _TIME,
    "CommitmentDiscountStatus": _TEXT,
    "ConsumedQuantity": _NUMBER,
    "ConsumedUnit": _TEXT,
    "ContractedCost": _NUMBER,
    "EffectiveCost": _NUMBER,
    "HostProviderName": _TEXT,
    "InvoiceId": _TEXT,
    "InvoiceIssuerName": _TEXT,
    "ListCost": _NUMBER,
    "PricingCategory": _TEXT,
    "PricingQuantity": _NUMBER,
    "PricingUnit": _TEXT,
    "ProviderName": _TEXT,
    "PublisherName": _TEXT,
    "ResourceId": _TEXT,
    "ResourceName": _TEXT,
    "ResourceType": _TEXT,
    "ServiceCategory": _TEXT,
    "ServiceName": _TEXT,
    "ServiceProviderName": _TEXT,
    "ServiceSubcategory": _TEXT,
    "SubAccountId": _TEXT,
    "SubAccountName": _TEXT,
    "SubAccountType": _TEXT,
    "Tags": _TEXT,
    "x_Estimated": _FLAG,
    "x_MeteredSeconds": _NUMBER,
    "x_UnitPrice": _NUMBER,
    "x_Unpriced": _FLAG,
    "x_What": _TEXT,
    "x_WorkerGroup": _TEXT,
    "x_WorkerSeconds": _NUMBER,
}
"""Columns in their order, each with its SQL type."""


def columns(version: Version) -> tuple[str, ...]:
    """The columns of a version."""
    return tuple(name for name in TYPES if version == "1.3" or name not in LEFT_IN_1_4)


def rows(charges: Iterable[Charge], farm: str) -> Iterator[dict[str, Cell]]:
    """A row for each charge with every column of TYPES; `farm`: id of the account that is charged."""
    for charge in charges:
        yield {**_money(charge), **_times(charge), **_service(charge), **_owner(charge, farm), **_idle(charge)}


def _money(charge: Charge) -> dict[str, Cell]:
    amount, unit = charge.amount or Decimal(0), SERVICES[charge.what].unit
    is_royalty = charge.what in ("royalty", "correction")
    metered = Decimal(charge.micros) / MICROS_PER_SECOND
    return {
        **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), amount),
        "BillingCurrency": charge.currency or NO_CURRENCY,
        "ConsumedQuantity": metered if is_royalty else charge.quantity,
        "ConsumedUnit": "Seconds" if is_royalty else unit,
        "PricingCategory": "Standard",
        "PricingQuantity": charge.quantity,
        "PricingUnit": unit,
        "x_Estimated": charge.what in ("storage", "egress"),
        "x_MeteredSeconds": metered if is_royalty else None,
        "x_UnitPrice": Decimal(charge.price.amount) if charge.price else None,
        "x_Unpriced": charge.price is None,
        "x_WorkerSeconds": metered if charge.is_work else None,
    }


def _times(charge: Charge) -> dict[str, Cell]:
    begin = datetime.fromtimestamp(charge.begin, UTC)
    month = begin.replace(day=1, hour=0, minute=0, second=0)
    following = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    return {
        "BillingPeriodStart": month,
        "BillingPeriodEnd": following,
        "ChargePeriodStart": begin,
        "ChargePeriodEnd": datetime.fromtimestamp(charge.end, UTC),
    }


def _service(charge: Charge) -> dict[str, Cell]:
    service = SERVICES[charge.what]
    return {
        "ChargeCategory": "Usage",
        "ChargeClass": "Correction" if charge.what == "correction" else None,
        "ChargeDescription": service.words,
        "ChargeFrequency": "Usage-Based",
        **dict.fromkeys(
            ("HostProviderName", "InvoiceIssuerName", "ProviderName", "PublisherName", "ServiceProviderName"), PROVIDER
        ),
        "CommitmentDiscountStatus": None,  # there are none; rules about consumed quantities look at the column
        "InvoiceId": None,
        "ServiceCategory": service.category,
        "ServiceName": service.name,
        "ServiceSubcategory": service.subcategory,
        "x_What": charge.what,
    }


def _owner(charge: Charge, farm: str) -> dict[str, Cell]:
    who, pool = charge.whose, charge.pool or None
    tags = {"brand": who.brand, "job": who.job, "license": who.license, "locale": who.locale, "pool": charge.pool}
    return {
        "BillingAccountId": farm,
        "BillingAccountName": "farm",
        "ResourceId": f"{pool}/{charge.group}" if pool and charge.group else pool,
        "ResourceName": pool,
        "ResourceType": "RenderPool" if pool else None,
        "SubAccountId": who.brand or None,
        "SubAccountName": who.brand or None,
        "SubAccountType": "Namespace" if who.brand else None,
        "Tags": _json({f"{TAG_PREFIX}{name}": value for name, value in tags.items() if value}),
        "x_WorkerGroup": charge.group or None,
    }


def _idle(charge: Charge) -> dict[str, Cell]:
    """How idle time was split; AllocatedTags stay empty, since they may not repeat Tags."""
    empty: dict[str, Cell] = dict.fromkeys(name for name in TYPES if name.startswith("Allocated"))
    if charge.share is None:
        return empty
    who = charge.whose
    return {
        **empty,
        "AllocatedMethodDetails": _json(
            {"Elements": [{"AllocatedRatio": float(charge.share), "UsageUnit": "Seconds"}]}
        ),
        "AllocatedMethodId": IDLE_METHOD,
        "AllocatedResourceId": who.uid or who.brand,
        "AllocatedResourceName": f"{who.brand}/{who.job}" if who.job else who.brand,
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
