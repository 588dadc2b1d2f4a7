"""Charges of every kind, in two currencies and without a price."""

from __future__ import annotations

from decimal import Decimal

from understudy_api.model import Money
from understudy_cli.cost_report.charge import NOBODY, Charge, Whose

HOUR = 1_794_000_000 // 3600 * 3600
EUR, USD = Money(amount="3.60", currency="EUR"), Money(amount="7.2", currency="USD")
ONE = Money(amount="1", currency="EUR")
SPRING = Whose("Job", "uid-1", "acme", "spring", "acme-1", "de-DE")
SUMMER = Whose("Job", "uid-2", "beta", 'sum"mer, ä', "beta-1", "fr-FR")
TRAINING = Whose("Training", "uid-3", "talent-ada", "ada")
SEVERAL = Whose("Job", "", "acme")
LATE = HOUR + 3600

CHARGES = (
    Charge("busy", HOUR, LATE, "default", "spot", SPRING, Decimal("0.166666666667"), EUR, 600_000_000),
    Charge("idle", HOUR, LATE, "default", "spot", SPRING, Decimal("0.25"), EUR, 900_000_000, Decimal("0.333333333333")),
    Charge(
        "idle", HOUR, LATE, "default", "spot", SEVERAL, Decimal("0.5"), EUR, 1_800_000_000, Decimal("0.666666666667")
    ),
    Charge("unallocated", HOUR, LATE, "default", "", NOBODY, Decimal(2), USD, 7_200_000_000),
    Charge("busy", HOUR, HOUR + 900, "cheap", "", SUMMER, Decimal("0.001"), None, 3_600_000),
    Charge("busy", HOUR + 900, LATE, "cheap", "", TRAINING, Decimal("0.001"), USD, 3_600_000),
    Charge("storage", HOUR, LATE, "default", "", SPRING, Decimal("0.000000000001"), EUR),
    Charge("storage", HOUR, LATE, "", "", SUMMER, Decimal("0.5"), None),
    Charge("egress", HOUR, LATE, "default", "", SPRING, Decimal("12.5"), EUR),
    Charge("royalty", HOUR, LATE, "default", "", SPRING, Decimal("0.123456"), ONE, 5_000_000),
    Charge(
        "royalty", HOUR, LATE, "default", "", SPRING, Decimal("0.123456"), Money(amount="1", currency="JPY"), 5_000_000
    ),
    Charge("correction", HOUR, LATE, "", "", Whose(license="acme-1"), Decimal("-0.000012"), ONE, -1),
)
