import pytest

from understudy_api import token
from understudy_api.grant import CLOCK_SKEW_SECONDS, GRANT_TYPE, MAX_GRANT_SECONDS, Grant, read_grant, sign_grant
from understudy_api.verdict import Refusal

FARM = token.new_key()
NOW = 1_000_000


def grant(**changes: object) -> Grant:
    base: dict[str, object] = {
        "iss": token.thumbprint(FARM),
        "aud": "default",
        "sub": "0c8f2b1e-0000-4000-8000-000000000000",
        "order": "a" * 64,
        "license": "b" * 64,
        "keys": "d" * 64,
        "twin_version": "c" * 64,
        "seconds": 600,
        "iat": NOW,
        "exp": NOW + MAX_GRANT_SECONDS,
    }
    return Grant.model_validate({**base, **changes})


@pytest.mark.parametrize("now", [NOW - CLOCK_SKEW_SECONDS, NOW, NOW + MAX_GRANT_SECONDS - 1])
def test_holds_inside_its_window(now: int) -> None:
    assert read_grant(sign_grant(FARM, grant()), FARM, now) == grant()


@pytest.mark.parametrize(
    ("now", "reason"), [(NOW - CLOCK_SKEW_SECONDS - 1, "BadGrant"), (NOW + MAX_GRANT_SECONDS, "GrantExpired")]
)
def test_refused_outside_its_window(now: int, reason: str) -> None:
    result = read_grant(sign_grant(FARM, grant()), FARM, now)
    assert isinstance(result, Refusal)
    assert result.reason == reason


def test_never_longer_than_fifteen_minutes() -> None:
    long = grant(exp=NOW + MAX_GRANT_SECONDS + 1)
    with pytest.raises(ValueError, match="at most 900 s"):
        sign_grant(FARM, long)
    forged = token.sign(FARM, GRANT_TYPE, long.model_dump())
    assert isinstance(read_grant(forged, FARM, NOW), Refusal)


@pytest.mark.parametrize(
    "text",
    [
        sign_grant(token.new_key(), grant()),
        token.sign(FARM, "other", grant().model_dump()),
        token.sign(FARM, GRANT_TYPE, {**grant().model_dump(), "admin": True}),
        token.sign(FARM, GRANT_TYPE, {"sub": "x"}),
        "nonsense",
    ],
)
def test_forgeries_are_refused(text: str) -> None:
    result = read_grant(text, FARM, NOW)
    assert isinstance(result, Refusal)
    assert result.reason == "BadGrant"
