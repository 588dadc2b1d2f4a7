"""What a license pays, and to whom: integer micro-units of one currency, shares in millionths."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from understudy_api.model import Model

MILLION = 1_000_000
Micros = Annotated[int, Field(ge=0, le=10**15)]


class Split(Model):
    """One payee's share of every royalty."""

    role: Literal["owner", "driver", "studio"] = Field(
        description="owner: whose likeness it is; driver: who performed for it; studio: who made the twin."
    )
    payee: str = Field(
        pattern=r"^[A-Za-z0-9._-]{1,64}$", description="Pseudonym; the name behind it stands in no license."
    )
    share_millionths: int = Field(ge=1, le=MILLION)


class Royalty(Model):
    """Amounts in millionths of the currency's unit: 250,000 of EUR is 25 cent."""

    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.")
    per_second_micros: Micros = Field(default=0, description="For each metered second.")
    per_item_micros: Micros = Field(default=0, description="For each delivered item.")
    minimum_micros: Micros = Field(default=0, description="Guaranteed over the license's life, made or not.")
    splits: tuple[Split, ...] = Field(min_length=1, max_length=16)

    @model_validator(mode="after")
    def _shares_are_whole(self) -> Self:
        total = sum(split.share_millionths for split in self.splits)
        if total != MILLION:
            raise ValueError(f"splits: share_millionths must add up to {MILLION}, got {total}")
        if len({(split.role, split.payee) for split in self.splits}) != len(self.splits):
            raise ValueError("splits: name each payee of a role once")
        return self
