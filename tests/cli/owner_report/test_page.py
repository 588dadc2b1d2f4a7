"""The owner's page: every figure of the story, everything escaped, nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from ledger_words import NOVEMBER, Writer, licensed, reserved, some_chain, uid

from understudy_api.digest import digest
from understudy_api.ledger import entry as written
from understudy_api.ledger.chain import verify_chain
from understudy_cli.owner_report.page import page
from understudy_cli.owner_report.story import Story, story

OWNER = "owner-thumbprint".ljust(43, "x")
VOID = {"meta", "img"}


class Strict(HTMLParser):
    """Fails on a tag that is not closed in its turn; remembers what is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        assert tag != "script"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(html: str) -> Strict:
    parser = Strict()
    parser.feed(html)
    assert parser.open == []
    return parser


def told(writer: Writer, names: dict[str, str] | None = None) -> Story:
    return story(verify_chain(writer.account.id, writer.objects), names or {})


def test_the_page_shows_the_figures_of_the_ledger() -> None:
    one = told(some_chain(), {uid(1): "acme/spring"})
    text = " ".join(read(page(OWNER, [one], {}, NOVEMBER + 60, 60)).words)
    assert "owner owner-thumbp" in text
    assert "acme/spring" in text
    assert f"{one.account.used_micros / 1e6:,.2f} of 60.00 s used" in text
    assert "70 %" in text
    assert re.search(r"EUR earned", text)
    assert text.count("no still") == len(one.pieces)


def test_nothing_is_loaded_from_elsewhere() -> None:
    one = told(some_chain())
    pictures = {piece.item: b"\xff\xd8jpeg" for piece in one.pieces}
    html = page(OWNER, [one], pictures, NOVEMBER, 60)
    found = read(html)
    assert len(found.sources) == len(one.pieces)
    assert all(source.startswith("data:image/jpeg;base64,") for source in found.sources)
    assert "default-src 'none'" in html


def test_names_of_brands_cannot_write_the_page() -> None:
    name = "<script>alert(1)</script>&\"'"
    html = page(OWNER, [told(some_chain(), {uid(1): name})], {}, NOVEMBER, 60)
    assert name in "".join(read(html).words)
    assert "<script" not in html


def test_what_waits_for_the_owner_comes_first() -> None:
    writer = Writer()
    writer.write(licensed(), reserved(1, 20), written.ConsentAsked(uid=uid(1), request=digest("q")))
    html = page(OWNER, [told(writer)], {}, NOVEMBER, 60)
    assert html.index("Waiting for your answer") < html.index('class="license"')
    assert "Waiting for your answer" not in page(OWNER, [told(some_chain())], {}, NOVEMBER, 60)


@pytest.mark.parametrize(("shown", "stills", "rest"), [(0, 0, ""), (2, 2, "and 6 earlier ones"), (60, 8, "")])
def test_only_the_newest_videos_are_shown(shown: int, stills: int, rest: str) -> None:
    one = told(some_chain())
    assert len(one.pieces) == 8
    html = page(OWNER, [one], {}, NOVEMBER, shown)
    assert html.count("<figure>") == stills
    assert rest in html
    if stills == 2:
        assert one.pieces[-1].item[:8] in html
        assert one.pieces[0].item[:8] not in html


def test_an_ended_or_broken_license_says_so() -> None:
    assert "no longer holds" in page(OWNER, [told(some_chain())], {}, NOVEMBER + 86_400 * 400, 0)
    writer = some_chain()
    del writer.objects[3]
    assert "The ledger does not hold here" in page(OWNER, [told(writer)], {}, NOVEMBER, 0)


def test_an_owner_of_whom_nothing_was_made_gets_a_page_too() -> None:
    assert "Nothing was made of this twin yet." in page(OWNER, [], {}, NOVEMBER, 0)
