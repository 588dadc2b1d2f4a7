import json
import socket

import pytest

from understudy_cli.errors import UserError
from understudy_cli.local.home import Home
from understudy_cli.local.plan import (
    LOOPBACK,
    PORTS,
    Ports,
    choose_plan,
    free_ports,
    is_free,
    load_plan,
    port_range,
    require_free,
)


@pytest.fixture
def listener():
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_plan_is_chosen_once(tmp_path):
    home = Home(tmp_path)
    assert load_plan(home) is None
    plan = choose_plan(home)
    ports = list(plan.ports.model_dump().values())
    assert len(set(ports)) == len(ports)
    assert all(port in port_range() for port in ports)
    assert choose_plan(home) == plan == load_plan(home)


def test_two_farms_have_different_names(tmp_path):
    assert choose_plan(Home(tmp_path / "a")).name != choose_plan(Home(tmp_path / "b")).name


def test_a_deleted_port_is_chosen_anew_and_the_others_stay(tmp_path):
    home = Home(tmp_path)
    before = choose_plan(home)
    document = json.loads(home.plan.read_text())
    del document["ports"]["minio"]
    home.plan.write_text(json.dumps(document))
    with pytest.raises(UserError, match="understudy up"):
        load_plan(home)
    after = choose_plan(home)
    assert after.name == before.name
    changed = {name for name in Ports.model_fields if getattr(after.ports, name) != getattr(before.ports, name)}
    assert changed <= {"minio"}


def test_a_port_of_an_older_release_is_forgotten(tmp_path):
    home = Home(tmp_path)
    choose_plan(home)
    document = json.loads(home.plan.read_text())
    document["ports"]["gone"] = 1234
    home.plan.write_text(json.dumps(document))
    assert "gone" not in choose_plan(home).ports.model_dump()


@pytest.mark.parametrize("text", ["", "[]", '{"name": "x"}', '{"name": "x", "ports": {"etcd": "many"}}'])
def test_a_damaged_plan_is_one_line(tmp_path, text):
    home = Home(tmp_path)
    home.plan.write_text(text)
    with pytest.raises(UserError, match=r"farm.json is damaged; delete it") as refusal:
        choose_plan(home)
    assert "\n" not in str(refusal.value)


def test_free_ports_avoid_what_is_taken(monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_PORTS", "20000-20009")
    monkeypatch.setattr("understudy_cli.local.plan.is_free", lambda port: port != 20_003)
    found = free_ports(8, taken={20_000})
    assert sorted(found) == [20_001, 20_002, *range(20_004, 20_010)]


def test_a_range_without_enough_free_ports_is_refused_with_the_cure(monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_PORTS", "20000-20009")
    monkeypatch.setattr("understudy_cli.local.plan.is_free", lambda port: port != 20_003)
    with pytest.raises(UserError, match=r"10 free ports are wanted in 20000-20009, 9 are left; .* UNDERSTUDY_PORTS"):
        free_ports(10)


def test_the_range_is_the_farms_own_unless_named(monkeypatch):
    monkeypatch.delenv("UNDERSTUDY_PORTS")
    assert port_range() == PORTS
    monkeypatch.setenv("UNDERSTUDY_PORTS", "24000-24999")
    assert port_range() == range(24_000, 25_000)


@pytest.mark.parametrize("named", ["", "24000", "24000-", "24999-24000", "80-90", "65000-70000", "a-b", " 24000-24999"])
def test_what_is_no_range_of_ports_is_refused(monkeypatch, named):
    monkeypatch.setenv("UNDERSTUDY_PORTS", named)
    with pytest.raises(UserError, match=r"UNDERSTUDY_PORTS is .*; wanted a range within 1024-65535"):
        port_range()


def test_a_listener_takes_its_port_and_gives_it_back():
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_a_taken_port_names_its_holder_and_the_cure(tmp_path, listener):
    with pytest.raises(UserError) as refusal:
        require_free(Home(tmp_path), "minio", {"minio": listener})
    message = str(refusal.value)
    assert message.startswith(f"minio: port {listener} is taken by ")
    assert "(pid " in message
    assert f'delete "minio" with its port from {tmp_path}/farm.json' in message
