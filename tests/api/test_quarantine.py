"""The list of quarantined files: parts that name each other, so that the last one's digest stands for all."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from understudy_api.digest import digest_bytes
from understudy_api.quarantine import (
    BEGINNING,
    MAX_PART_FILES,
    KeptFile,
    Part,
    file_key,
    first_part,
    folder,
    moved_key,
    next_part,
    part_key,
    to_bytes,
)

ACCOUNT = "ac" * 32


def kept(*sizes: int) -> tuple[KeptFile, ...]:
    return tuple(KeptFile(key=f"takes/{ACCOUNT}/{size}", etag="e" * 32, bytes=size) for size in sizes)


def test_parts_follow_each_other_and_go_on_with_the_sums() -> None:
    first = first_part(ACCOUNT, kept(5, 7), last=False)
    second = next_part(first, kept(1), last=True)
    assert (first.number, first.previous, first.files, first.bytes) == (0, BEGINNING, 2, 12)
    assert (second.number, second.previous, second.files, second.bytes) == (1, digest_bytes(to_bytes(first)), 3, 13)
    assert Part.model_validate_json(to_bytes(second)) == second


def test_whatever_is_changed_changes_the_last_digest() -> None:
    def ends(*sizes: int) -> str:
        return digest_bytes(to_bytes(next_part(first_part(ACCOUNT, kept(*sizes), last=False), kept(9), last=True)))

    assert ends(5, 7) == ends(5, 7)
    assert len({ends(5, 7), ends(5, 8), ends(7, 5), ends(5)}) == 4


def test_nothing_kept_is_a_list_too() -> None:
    only = first_part(ACCOUNT, (), last=True)
    assert (only.files, only.bytes, only.last) == (0, 0, True)


def test_a_part_is_bounded() -> None:
    assert first_part(ACCOUNT, kept(*range(MAX_PART_FILES)), last=False).files == MAX_PART_FILES
    with pytest.raises(ValidationError):
        first_part(ACCOUNT, kept(*range(MAX_PART_FILES + 1)), last=False)


def test_keys_lie_below_the_folder_of_the_account_and_sort_as_numbers_do() -> None:
    keys = [part_key(ACCOUNT, 9), part_key(ACCOUNT, 10), moved_key(ACCOUNT, 3), file_key(ACCOUNT, "takes/a/b")]
    assert keys == sorted(keys[:2]) + keys[2:]
    assert all(key.startswith(folder(ACCOUNT)) for key in keys)
    assert keys[3].endswith("/files/takes/a/b")
