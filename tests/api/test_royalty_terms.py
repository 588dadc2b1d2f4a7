from typing import Any

import pytest
from pydantic import ValidationError

from understudy_api.royalty_terms import Royalty

OWNER = {"role": "owner", "payee": "p-1", "share_millionths": 700_000}
STUDIO = {"role": "studio", "payee": "p-2", "share_millionths": 300_000}


def royalty(**changes: Any) -> Royalty:
    return Royalty.model_validate({"currency": "EUR", "splits": [OWNER, STUDIO], **changes})


def test_shares_that_add_up() -> None:
    assert royalty(per_second_micros=250_000).per_second_micros == 250_000
    assert royalty().minimum_micros == royalty().per_item_micros == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"splits": [OWNER]}, "add up to 1000000, got 700000"),
        ({"splits": [OWNER, STUDIO, {**STUDIO, "payee": "p-3", "share_millionths": 1}]}, "got 1000001"),
        ({"splits": [{**OWNER, "share_millionths": 500_000}] * 2}, "once"),
        ({"splits": []}, "at least 1"),
        ({"splits": [{**OWNER, "payee": "Ada Lovelace"}, STUDIO]}, "payee"),
        ({"splits": [{**OWNER, "role": "agent"}, STUDIO]}, "role"),
        ({"splits": [{**OWNER, "share_millionths": 0}, STUDIO]}, "greater than or equal to 1"),
        ({"currency": "euro"}, "currency"),
        ({"per_second_micros": -1}, "per_second_micros"),
        ({"per_item_micros": 0.5}, "per_item_micros"),
        ({"minimum_micros": 10**16}, "minimum_micros"),
    ],
)
def test_what_does_not_add_up_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        royalty(**changes)


def test_one_payee_may_hold_two_roles() -> None:
    both = [{**OWNER, "share_millionths": 500_000}, {**OWNER, "role": "driver", "share_millionths": 500_000}]
    assert len(royalty(splits=both).splits) == 2
