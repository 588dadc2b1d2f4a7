import time

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


def test_laps_say_when_each_stage_was_at_work_one_after_the_other() -> None:
    before = time.time()
    watch = Stopwatch()
    for stage in ("speak", "animate", "speak"):
        with watch.stage(stage):
            sum(range(1000))
    with pytest.raises(KeyError), watch.stage("encode"):
        raise KeyError
    assert [lap.stage for lap in watch.laps] == ["speak", "animate", "speak", "encode"]
    moments = [moment for lap in watch.laps for moment in (lap.began_at, lap.ended_at)]
    assert moments == sorted(moments)
    assert before - 1 < moments[0]
    assert moments[-1] < time.time() + 1
    assert watch.stages["animate"] == pytest.approx(watch.laps[1].ended_at - watch.laps[1].began_at, abs=1e-5)
