"""S3 reach: own prefix or own credentials, never a farm bucket, never through the back door of a path."""

from __future__ import annotations

import pytest
from builders import a_job_spec
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.settings import BucketNames
from understudy_operator.core.places import Place, destination, job_place_refusals, place, place_refusal

BUCKETS = BucketNames()


@pytest.mark.parametrize(
    ("url", "credentials", "allowed"),
    [
        ("s3://understudy-outputs/acme/", False, True),
        ("s3://understudy-outputs/acme/spring/x/", False, True),
        ("s3://understudy-outputs/acme/rows.csv", False, True),
        ("s3://understudy-outputs/acme-2/", False, False),
        ("s3://understudy-outputs/acme", False, False),
        ("s3://understudy-outputs/rival/", False, False),
        ("s3://understudy-outputs/", False, False),
        ("s3://understudy-outputs/acme/../rival/", False, False),
        ("s3://understudy-outputs/acme/../rival/", True, False),
        ("s3://understudy-outputs/acme//x/", False, False),
        ("s3://understudy-outputs/acme/./x/", False, False),
        ("s3://understudy-outputs//acme/", False, False),
        ("s3://brand-bucket/", False, False),
        ("s3://brand-bucket/", True, True),
        ("s3://brand-bucket/deep/er/", True, True),
        ("s3://understudy-outputs/acme/" + "x" * 900 + "/", False, False),
        ("s3://brand-bucket/" + "x" * 900 + "/", True, False),
        ("s3://understudy-twins/", True, False),
        ("s3://understudy-staging/acme/", True, False),
        ("s3://understudy-receipts/acme/", False, False),
    ],
)
def test_reach(url: str, credentials: bool, allowed: bool) -> None:
    refusal = place_refusal("destination.s3", place(url), "acme", BUCKETS, credentials)
    assert (refusal is None) is allowed
    if refusal is not None:
        assert refusal.reason == "PlaceNotAllowed"
        assert refusal.message.startswith("destination.s3: ")


@given(st.lists(st.sampled_from(["acme", "rival", "..", ".", "", "x"]), min_size=1, max_size=5))
def test_without_credentials_nothing_outside_the_own_prefix_is_reached(segments: list[str]) -> None:
    wanted = Place("understudy-outputs", "/".join(segments) + "/")
    if place_refusal("destination.s3", wanted, "acme", BUCKETS, False) is None:
        assert wanted.key.startswith("acme/")
        assert not {"..", ".", ""} & set(wanted.key.removesuffix("/").split("/"))


def test_a_job_delivers_below_its_own_name_by_default() -> None:
    assert destination(a_job_spec(), "acme", "spring", BUCKETS).url == "s3://understudy-outputs/acme/spring/"
    spec = a_job_spec(destination={"s3": "s3://understudy-outputs/acme/elsewhere/"})
    assert destination(spec, "acme", "spring", BUCKETS) == Place("understudy-outputs", "acme/elsewhere/")


def test_destination_and_source_are_both_asked() -> None:
    spec = a_job_spec(
        destination={"s3": "s3://brand/x/"},
        data={"key": "id", "from": {"s3": "s3://understudy-outputs/rival/rows.csv"}},
    )
    messages = [refusal.message for refusal in job_place_refusals(spec, "acme", BUCKETS)]
    assert [message.split(":")[0] for message in messages] == ["destination.s3", "data.from.s3"]
    assert "destination.credentialsRef" in messages[0]
    assert "data.from.credentialsRef" in messages[1]
    assert job_place_refusals(a_job_spec(), "acme", BUCKETS) == ()
