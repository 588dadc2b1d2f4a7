import stat
import threading
from pathlib import Path

import pytest

from understudy_cli.errors import UserError
from understudy_cli.local.home import Home, private_folder, require_space, write_private


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"UNDERSTUDY_HOME": "/x/farm"}, "/x/farm"),
        ({"UNDERSTUDY_HOME": "", "XDG_STATE_HOME": "/state"}, "/state/understudy"),
        ({"UNDERSTUDY_HOME": "/x", "XDG_STATE_HOME": "/state"}, "/x"),
        ({"HOME": "/home/ada"}, "/home/ada/.local/state/understudy"),
        ({"HOME": "/home/ada", "UNDERSTUDY_HOME": "~/farm"}, "/home/ada/farm"),
    ],
)
def test_where_the_home_is(monkeypatch, variables, expected):
    for name in ("UNDERSTUDY_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Home.default().root == Path(expected)


def test_what_is_written_is_for_its_owner_alone(tmp_path):
    path = write_private(tmp_path / "deep" / "er" / "key", b"secret")
    assert path.read_bytes() == b"secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_failed_write_leaves_the_old_content_and_no_scrap(tmp_path):
    path = write_private(tmp_path / "key", "old")
    with pytest.raises(TypeError):
        write_private(path, 5)  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["key"]


def test_a_folder_behind_a_link_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(UserError, match="not yours alone"):
        private_folder(tmp_path / "link")


def test_rays_folder_leaves_room_for_a_socket_path_and_differs_between_homes(tmp_path):
    long = Home(tmp_path / ("x" * 200))
    socket = long.ray / "session_2026-11-21_04-29-25_175341_1234567" / "sockets" / "plasma_store"
    assert len(str(socket)) < 107
    assert long.ray != Home(tmp_path).ray


def test_space_is_asked_of_a_folder_that_is_not_there_yet(tmp_path):
    require_space(tmp_path / "not" / "yet", 1)
    with pytest.raises(UserError, match=r"GiB free, 1048576.0 GiB needed; free some space"):
        require_space(tmp_path / "not" / "yet", 1024**5)


def test_the_second_one_waits_for_the_first(tmp_path):
    home, order = Home(tmp_path / "farm"), []
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with home.locked():
            inside.set()
            leave.wait(10)
            order.append("first")

    def second() -> None:
        with home.locked():
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    leave.set()
    for thread in threads:
        thread.join(10)
    assert order == ["first", "second"]


def test_purge_takes_rays_folder_along(tmp_path):
    home = Home(tmp_path / "farm")
    write_private(home.plan, "{}")
    write_private(home.ray / "log", "x")
    home.purge()
    assert not home.root.exists()
    assert not home.ray.exists()
