import pyrage
import pytest

from understudy_workers.preview import sealed_to


def test_only_the_recipient_opens_what_is_sealed() -> None:
    owner, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    film, words = sealed_to(str(owner.to_public()), b"a film", b"its words")
    assert pyrage.decrypt(film, [owner]) == b"a film"
    assert pyrage.decrypt(words, [owner]) == b"its words"
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(film, [other])


def test_without_a_recipient_files_stay_as_they_are() -> None:
    assert sealed_to(None, b"a film") == (b"a film",)


def test_what_is_no_recipient_is_said() -> None:
    with pytest.raises(ValueError, match="wanted an age recipient"):
        sealed_to("age1" + "b" * 58, b"a film")
