"""Parts here are small Python servers, so that every order of events can be had quickly."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from understudy_cli.errors import UserError
from understudy_cli.local import process
from understudy_cli.local.home import Home
from understudy_cli.local.part import Part, Site
from understudy_cli.local.plan import LOOPBACK, choose_plan
from understudy_cli.local.probe import answers
from understudy_cli.local.process import Command
from understudy_cli.local.starter import Starter

SERVE = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
FAIL = "import sys; print('cannot find my shoes'); sys.exit(3)"
IDLE = "import time; time.sleep(600)"


def part(name: str, code: str = SERVE, **rest: object) -> Part:
    def command(site: Site) -> Command:
        port = getattr(site.plan.ports, name)
        return Command((sys.executable, "-S", "-c", code, str(port)), {"PATH": ""}, site.home.data(name))

    def not_ready(site: Site) -> str | None:
        return answers(f"http://{LOOPBACK}:{getattr(site.plan.ports, name)}/")

    return Part(name=name, ports=(name,), command=command, not_ready=not_ready, **rest)  # type: ignore[arg-type]


@pytest.fixture
def site(tmp_path):
    home = Home(tmp_path / "farm")
    yield Site(home, choose_plan(home))
    for record in sorted((home.root / "run").glob("*.json")):
        known = process.recall(record)
        assert known is not None
        process.stop(known.identity, 0.0)


class Events(list[tuple[str, str]]):
    """What a starter reported, in order."""

    def __call__(self, name: str, state: str) -> None:
        self.append((name, state))


def bring_up(site: Site, *parts: Part, adopted: tuple[Part, ...] = ()) -> tuple[Starter, Events]:
    events = Events()
    starter = Starter(site, events)
    starter.bring_up(parts, adopted)
    return starter, events


def test_a_part_starts_when_what_it_needs_is_set_up(site):
    order = []
    _, events = bring_up(
        site,
        part("etcd", finish=lambda _: order.append("etcd set up")),
        part("apiserver", needs=("etcd",), prepare=lambda _: order.append("apiserver prepared")),
    )
    assert order == ["etcd set up", "apiserver prepared"]
    assert events.index(("etcd", "ready")) < events.index(("apiserver", "starting"))


def test_independent_parts_start_side_by_side(site):
    meeting = threading.Barrier(2, timeout=20)
    bring_up(
        site,
        part("etcd", prepare=lambda _: meeting.wait()),
        part("minio", prepare=lambda _: meeting.wait()),
    )


def test_what_runs_is_left_alone_and_set_up_again(site):
    counted: list[str] = []
    etcd = part("etcd", finish=lambda _: counted.append("set up"), prepare=lambda _: counted.append("prepared"))
    first, _ = bring_up(site, etcd)
    before = process.recall(site.home.record("etcd"))
    second, events = bring_up(site, etcd)
    assert process.recall(site.home.record("etcd")) == before
    assert (first.started, second.started) == (["etcd"], [])
    assert events == [("etcd", "running")]
    assert counted == ["prepared", "set up", "set up"]


def test_who_was_told_something_else_is_started_again(site):
    bring_up(site, part("etcd"))
    before = process.recall(site.home.record("etcd"))
    starter, _ = bring_up(site, part("etcd", SERVE + "# changed"))
    assert starter.started == ["etcd"]
    assert not process.is_alive(before.identity)


def test_a_dead_part_is_started_again(site):
    bring_up(site, part("etcd"))
    before = process.recall(site.home.record("etcd"))
    process.stop(before.identity, 0.0)
    starter, events = bring_up(site, part("etcd"))
    assert starter.started == ["etcd"]
    assert events == [("etcd", "starting"), ("etcd", "ready")]


def test_a_part_that_dies_is_one_line_with_its_code_its_last_words_and_its_log(site):
    with pytest.raises(UserError) as failure:
        bring_up(site, part("minio", FAIL))
    log = site.home.log("minio")
    assert str(failure.value) == f"minio ended with code 3: cannot find my shoes; its log: {log}"


def test_a_part_that_never_answers_is_one_line(site):
    with pytest.raises(
        UserError, match=r"minio is not ready after 0 s: nobody listens on port \d+; its log: "
    ) as failure:
        bring_up(site, part("minio", IDLE, ready_seconds=0.3))
    assert "\n" not in str(failure.value)


def test_one_failure_ends_the_waiting_of_the_others_and_its_reason_is_told(site):
    starter = Starter(site, Events())
    parts = (
        part("ray_gcs", IDLE, ready_seconds=600.0),
        part("etcd", FAIL),
        part("apiserver", needs=("etcd",)),
        part("operator_health", needs=("apiserver",)),
    )
    with pytest.raises(UserError, match="etcd ended with code 3"):
        starter.bring_up(parts, ())
    assert sorted(starter.started) == ["etcd", "ray_gcs"]


def test_a_failed_set_up_is_the_reason(site):
    def refuse(_: Site) -> None:
        raise UserError("no buckets today")

    with pytest.raises(UserError, match="no buckets today"):
        bring_up(site, part("minio", finish=refuse))


def test_a_taken_port_is_said_before_anything_starts(site):
    bring_up(site, part("etcd"))
    site.home.record("etcd").rename(site.home.root / "run" / "hidden.json")
    starter = Starter(site, Events())
    with pytest.raises(UserError, match=r"etcd: port \d+ is taken by .*python"):
        starter.bring_up((part("etcd"),), ())
    assert starter.started == []


def test_what_is_elsewhere_is_asked_and_set_up_but_not_started(site):
    done: list[str] = []
    bring_up(site, part("minio"))
    starter, events = bring_up(site, adopted=(part("minio", finish=lambda _: done.append("set up")),))
    assert starter.started == []
    assert events == [("minio", "running")]
    assert done == ["set up"]


def test_what_is_elsewhere_and_does_not_answer_is_one_line(site):
    with pytest.raises(UserError, match=r"minio elsewhere does not answer: .*refused; check its URL"):
        bring_up(site, adopted=(part("minio"),))


def test_an_interrupt_ends_the_waiting(site, monkeypatch):
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("understudy_cli.local.starter.as_completed", interrupt)
    starter = Starter(site, Events())
    with pytest.raises(KeyboardInterrupt):
        starter.bring_up((part("minio", IDLE, ready_seconds=600.0),), ())


def test_commands_are_made_one_after_the_other_in_the_callers_thread(site):
    threads: list[str] = []

    def spy(real: Callable[[Site], Command]) -> Callable[[Site], Command]:
        def command(site: Site) -> Command:
            threads.append(threading.current_thread().name)
            return real(site)

        return command

    parts = [part("etcd"), part("minio")]
    watched = [Part(**{**vars(each), "command": spy(each.command)}) for each in parts]
    bring_up(site, *watched)
    assert threads == [threading.current_thread().name] * 2
    assert Path(site.home.log("etcd")).exists()
