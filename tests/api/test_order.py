import pytest
from pydantic import ValidationError

from understudy_api.digest import digest
from understudy_api.order import Order, S3Credentials, TrainingOrder

TOKEN = "aaaaaa.bbbbbb.cccccc"
BASE: dict[str, object] = {
    "uid": "0c8f2b1e-0000-4000-8000-000000000000",
    "generation": 1,
    "namespace": "acme",
    "job": "spring",
    "pool": "default",
    "twin": {"id": "a" * 64, "version": "b" * 64},
    "genesis": TOKEN,
    "license": TOKEN,
    "use": {"purpose": "advertising", "channels": ["social"], "territories": ["DE"]},
    "content": {
        "script_locale": "en-GB",
        "scenes": {"en-GB": ["Hello."], "de-DE": ["Hallo."]},
        "key": None,
        "rows_s3_key": "orders/x/y.jsonl",
        "rows_digest": "c" * 64,
        "rows_count": 3,
    },
    "locales": ["en-GB", "de-DE"],
    "outputs": [{"name": "wide", "width": 1280, "height": 720}, {"name": "tall", "width": 720, "height": 1280}],
    "delivery": {"bucket": "understudy-outputs", "prefix": "acme/spring/"},
    "grant": TOKEN,
}


def order(**changes: object) -> Order:
    return Order.model_validate({**BASE, **changes})


def test_total_is_rows_times_locales_times_outputs() -> None:
    assert order().total_items == 12


@pytest.mark.parametrize(
    "changes",
    [
        {"generation": 2},
        {"priority": 5},
        {"suspended": True},
        {"grant": "dddddd.eeeeee.ffffff"},
        {"delivery": {"bucket": "elsewhere", "prefix": "x/"}},
        {"max_failed_items": 3},
        {"key_records": ["ddddddd.eeeeee.ffffff"]},
        {"uid": "another-uid"},
        {"content": {**BASE["content"], "rows_s3_key": "moved.jsonl"}},  # type: ignore[dict-item]
    ],
)
def test_what_does_not_shape_the_files_does_not_enter_the_digest(changes: dict[str, object]) -> None:
    assert order(**changes).digest == order().digest


@pytest.mark.parametrize(
    "changes",
    [
        {"job": "summer"},
        {"twin": {"id": "a" * 64, "version": "d" * 64}},
        {"license": "dddddd.eeeeee.ffffff"},
        {"locales": ["en-GB"]},
        {"outputs": [{"name": "wide", "width": 640, "height": 360}]},
        {"content": {**BASE["content"], "rows_digest": "d" * 64}},  # type: ignore[dict-item]
        {"content": {**BASE["content"], "scenes": {"en-GB": ["Hullo."], "de-DE": ["Hallo."]}}},  # type: ignore[dict-item]
    ],
)
def test_what_shapes_the_files_enters_the_digest(changes: dict[str, object]) -> None:
    assert order(**changes).digest != order().digest


def test_round_trip_as_json() -> None:
    assert Order.model_validate_json(order().model_dump_json()) == order()


@pytest.mark.parametrize(
    "changes", [{"unknown": 1}, {"locales": []}, {"outputs": []}, {"generation": 0}, {"uid": "../x"}]
)
def test_bounds(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        order(**changes)


def test_credentials_do_not_print() -> None:
    credentials = S3Credentials(endpoint="https://s3", access_key="AK", secret_key="hunter2")
    assert "hunter2" not in repr(credentials)


def test_training_digest_is_about_the_training_alone() -> None:
    base: dict[str, object] = {
        "uid": "0c8f2b1e-0000",
        "generation": 1,
        "namespace": "talent-ada",
        "twin": "ada",
        "twin_id": "a" * 64,
        "genesis": TOKEN,
        "capture_bucket": "understudy-outputs",
        "capture_key": "talent-ada/ada.mp4",
        "effort": "Quick",
        "voice_variant": "f2",
        "voice_pitch": 50,
        "voice_rate_wpm": 160,
    }
    one = TrainingOrder.model_validate(base)
    assert TrainingOrder.model_validate({**base, "generation": 2}).digest == one.digest
    assert TrainingOrder.model_validate({**base, "effort": "Standard"}).digest != one.digest
    shown = {"key_records": [TOKEN], "capture_consent": TOKEN, "grant": TOKEN}
    assert TrainingOrder.model_validate({**base, **shown}).digest == one.digest, "who may is not what"
    assert TrainingOrder.model_validate({**base, "capture_sha256": "c" * 64}).digest != one.digest


def test_an_order_that_was_never_retried_keeps_the_digest_it_always_had() -> None:
    making = order().making.model_dump(mode="json", exclude={"preview", "retry"})
    assert order(retry=0).digest == digest(making)
    assert len({order(retry=number).digest for number in range(3)}) == 3


def test_who_does_not_know_of_retries_yet_never_hears_of_them_before_one() -> None:
    assert "retry" not in order().model_dump_json()
    assert "retry" not in order().making.model_dump_json()
    again = order(retry=2)
    assert Order.model_validate_json(again.model_dump_json()) == again
    assert again.making.retry == 2
