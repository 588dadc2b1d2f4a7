import os
from pathlib import Path

import pytest

from understudy_workers.localfiles import LocalFiles, remove_leftovers


def age(folder: Path, *names: str) -> None:
    """Makes files older than all others, the first named the oldest."""
    for rank, name in enumerate(names):
        os.utime(folder / name, (rank, rank))


def test_gives_back_what_it_took(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path / "cache", 1000)
    files.write("a", b"one")
    files.write("a", b"two")
    assert files.read("a") == b"two"
    assert LocalFiles(tmp_path / "cache", 1000).read("a") == b"two"
    files.drop("a")
    files.drop("a")
    assert files.read("a") is None


def test_the_least_recently_read_leave_first(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path, 100)
    for name in "abcd":
        files.write(name, b"x" * 25)
    age(tmp_path, "a", "b", "c", "d")
    assert files.read("a") is not None
    files.write("e", b"x" * 25)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "d", "e"}


def test_two_that_share_a_folder_keep_its_limit(tmp_path: Path) -> None:
    one, other = LocalFiles(tmp_path, 1000), LocalFiles(tmp_path, 1000)
    for number in range(200):
        (one, other)[number % 2].write(f"f{number}", b"x" * 20)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1000 * 5 // 4


def test_leftovers_of_a_killed_writer_are_never_read_and_leave(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path, 100)
    (tmp_path / ".a.0123456789ab").write_bytes(b"x" * 90)
    age(tmp_path, ".a.0123456789ab")
    assert files.read("a") is None
    files.write("b", b"x" * 20)
    assert {path.name for path in tmp_path.iterdir()} == {"b"}


def test_a_disk_that_takes_nothing_is_no_error(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path, 100)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").touch()
    files.write("a", b"x")
    assert {path.name for path in tmp_path.iterdir()} == {"a"}


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", ".a", "a\0", "x" * 201, "ä"])
def test_names_stay_inside_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="plain name"):
        LocalFiles(tmp_path, 100).write(name, b"")


def test_old_leftovers_go_and_young_ones_stay(tmp_path: Path) -> None:
    for name in ("item-old", "item-young", "kept"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "joined.mp4").write_bytes(b"x")
    age(tmp_path, "item-old", "kept")
    remove_leftovers(tmp_path, "item-*")
    assert {path.name for path in tmp_path.iterdir()} == {"item-young", "kept"}
