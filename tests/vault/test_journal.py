import json
import threading

import pytest

from understudy_api.digest import digest_bytes
from understudy_vault.journal import START, Journal, line_key, lines


class Shelf:
    """What a bucket with conditional creates promises, in memory; `reads` counts questions."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.reads = 0
        self._lock = threading.Lock()

    def create(self, key: str, data: bytes) -> bool:
        with self._lock:
            return self.objects.setdefault(key, data) is data

    def get(self, key: str) -> bytes | None:
        self.reads += 1
        return self.objects.get(key)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_each_line_names_the_one_before(shelf: Shelf) -> None:
    journal = Journal(shelf)
    assert [journal.write(10.9, "released", twin="t", number=n) for n in range(3)] == [0, 1, 2]
    found = list(lines(shelf))
    assert [line["number"] for line in found] == [0, 1, 2]
    assert found[0]["previous"] == START
    assert found[1]["previous"] == digest_bytes(shelf.objects[line_key(0)])
    assert found[0]["at"] == 10


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33])
def test_a_new_process_goes_on_where_the_log_ends(shelf: Shelf, count: int) -> None:
    first = Journal(shelf)
    for number in range(count):
        first.write(1.0, "released", number=number)
    assert Journal(shelf).write(2.0, "after") == count
    assert len(list(lines(shelf))) == count + 1


def test_finding_the_end_takes_few_questions(shelf: Shelf) -> None:
    first = Journal(shelf)
    for _ in range(500):
        first.write(1.0, "released")
    shelf.reads = 0
    Journal(shelf).write(2.0, "after")
    assert shelf.reads < 25


def test_two_vaults_share_one_log(shelf: Shelf) -> None:
    journals = [Journal(shelf) for _ in range(4)]

    def write(journal: Journal) -> None:
        for _ in range(25):
            journal.write(1.0, "released")

    threads = [threading.Thread(target=write, args=(journal,)) for journal in journals for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line["sequence"] for line in lines(shelf)] == list(range(200))


@pytest.mark.parametrize("harm", ["alter", "swap", "cut the beginning"])
def test_what_was_altered_is_found(shelf: Shelf, harm: str) -> None:
    journal = Journal(shelf)
    for number in range(5):
        journal.write(1.0, "released", number=number)
    if harm == "alter":
        line = json.loads(shelf.objects[line_key(2)])
        shelf.objects[line_key(2)] = json.dumps({**line, "number": 7}).encode()
    elif harm == "swap":
        shelf.objects[line_key(2)], shelf.objects[line_key(3)] = (
            shelf.objects[line_key(3)],
            shelf.objects[line_key(2)],
        )
    else:
        for number in range(4):
            shelf.objects[line_key(number)] = shelf.objects[line_key(number + 1)]
    with pytest.raises(ValueError, match="the log was altered"):
        list(lines(shelf))


def test_nothing_is_written_when_the_shelf_refuses(shelf: Shelf) -> None:
    class Broken(Shelf):
        def create(self, key: str, data: bytes) -> bool:
            raise OSError("read-only")

    with pytest.raises(OSError, match="read-only"):
        Journal(Broken()).write(1.0, "released")
