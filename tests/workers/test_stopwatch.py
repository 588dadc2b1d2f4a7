import pytest

from understudy_workers.stopwatch import Stopwatch


def test_counts_stages_that_repeat_and_stages_that_fail() -> None:
    watch = Stopwatch()
    for _ in range(2):
        with watch.stage("speak"):
            sum(range(10_000))
    once = watch.stages["speak"]
    with pytest.raises(KeyError), watch.stage("speak"):
        raise KeyError
    assert 0 < once <= watch.stages["speak"] <= watch.total_seconds


def test_seconds_measured_elsewhere_move_between_stages() -> None:
    watch = Stopwatch()
    watch.add("encode", 3.0)
    watch.add("encode", -1.0)
    watch.add("compose", 1.0)
    assert watch.stages == {"encode": 2.0, "compose": 1.0}
