"""The contact sheet: everything on it, in order, escaped, and nothing asked of any other place."""

import base64
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from understudy_workers.media.contact_sheet import Entry, contact_sheet, native_name

JPEG = b"\xff\xd8\xff\xe0 a picture"
NASTY = "<script>alert('x')</script>\"&"


class Page(HTMLParser):
    """What a browser would find: tags with their attributes, and texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.append((self.open[-1], data))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def said(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def entry(row: str, locale: str, output: str = "landscape", **changes: object) -> Entry:
    size = (1280, 720) if output == "landscape" else (1080, 1920)
    stem = f"{row}/{locale}/{output}"
    made = Entry(row, locale, output, *size, 21.4, f"{stem}.mp4", f"{stem}.srt", JPEG, f"Text {row} {locale}")
    return replace(made, **changes)  # type: ignore[arg-type]


ENTRIES = [
    entry(row, locale, output)
    for row in ("c-2", "c-1")
    for locale in ("en-GB", "ar-EG")
    for output in ("landscape", "story")
]


def test_counts_and_groups_by_row_then_locale() -> None:
    page = Page(contact_sheet("acme/spring", ENTRIES, ["1.20 EUR"]))
    assert page.said("h1") == page.said("title") == ["acme/spring"]
    assert page.said("li") == ["8 videos", "2:51", "2 rows", "2 locales", "1.20 EUR"]
    assert page.said("h2") == ["c-2", "c-1"]
    assert page.said("bdi") == ["English (United Kingdom)", "العربية (مصر)"] * 2
    assert len(page.all("article")) == 4
    assert page.said("span")[:2] == ["landscape", "story"]
    assert page.said("time") == ["0:21"] * 8
    assert page.open == []


def test_links_to_the_files_beside_it() -> None:
    page = Page(contact_sheet("job", [entry("c 1#?", "en-GB")]))
    links = [link["href"] for link in page.all("a")]
    assert links == ["./c%201%23%3F/en-GB/landscape.mp4"] * 2 + ["./c%201%23%3F/en-GB/landscape.srt"]


@pytest.mark.parametrize("path", ["javascript:alert(1)", "//evil.example/x.mp4", "https://evil.example/x.mp4"])
def test_no_path_becomes_a_link_elsewhere(path: str) -> None:
    page = Page(contact_sheet("job", [entry("c", "en-GB", video=path)]))
    for link in page.all("a"):
        assert link["href"].startswith("./")
        assert ":" not in link["href"]


def test_posters_are_inside_the_page_and_nothing_is_loaded() -> None:
    html = contact_sheet("job", ENTRIES)
    page = Page(html)
    for image in page.all("img"):
        kind, _, data = image["src"].partition(",")
        assert kind == "data:image/jpeg;base64"
        assert base64.b64decode(data) == JPEG
        assert image["alt"]
    assert len(page.all("img")) == 8
    policy = next(meta["content"] for meta in page.all("meta") if "content-security" in str(meta).lower())
    assert policy.startswith("default-src 'none'")
    assert "http://" not in html
    assert "https://" not in html
    assert "@import" not in html
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "video"})


def test_right_to_left_text_runs_right_to_left() -> None:
    page = Page(contact_sheet("job", ENTRIES))
    assert {(p["lang"], p["dir"]) for p in page.all("p")} == {("en-GB", "ltr"), ("ar-EG", "rtl")}


def test_whatever_is_written_stays_text() -> None:
    nasty = Entry(NASTY, NASTY, NASTY, 16, 16, 1, NASTY, NASTY, JPEG, NASTY)
    lost = replace(nasty, output="story", reason=NASTY)
    page = Page(contact_sheet(NASTY, [nasty, lost], [NASTY]))
    assert page.all("script") == []
    assert page.said("h1") == [NASTY]
    assert NASTY in page.said("li")
    assert page.said("p") == [NASTY]
    assert page.all("p")[0]["lang"] == NASTY
    assert page.open == []


def test_what_was_not_made_says_why_and_counts_apart() -> None:
    entries = [entry("c", "en-GB"), entry("c", "ja-JP", reason="LicenseExhausted: 12 s left", video="", poster=b"")]
    page = Page(contact_sheet("job", entries))
    assert page.said("li") == ["1 video", "0:21", "1 row", "2 locales", "1 not made"]
    assert "LicenseExhausted: 12 s left" in page.said("span")
    assert len(page.all("img")) == 1
    assert [link["href"] for link in page.all("a") if "ja-JP" in link["href"]] == []


def test_says_how_many_it_leaves_out() -> None:
    page = Page(contact_sheet("job", ENTRIES, more=99_992))
    assert "and 99,992 more items: see index.jsonl" in page.said("p")
    assert "first 8 shown" in page.said("li")


def test_an_empty_campaign_is_still_a_page() -> None:
    page = Page(contact_sheet("job", []))
    assert page.said("li") == ["0 videos", "0:00", "0 rows", "0 locales"]
    assert page.open == []


def test_long_campaigns_show_hours() -> None:
    page = Page(contact_sheet("job", [entry("c", "en-GB", seconds=3723.4)]))
    assert page.said("time") == ["1:02:03"]


NAMES = [
    ("de-DE", "Deutsch (Deutschland)"),
    ("fr-FR", "Français (France)"),
    ("ja-JP", "日本語 (日本)"),
    ("hi-IN", "हिन्दी (भारत)"),
    ("en", "English"),
    ("qqq", "qqq"),
    ("", ""),
]


@pytest.mark.parametrize(("locale", "name"), NAMES)
def test_locales_bear_their_own_names(locale: str, name: str) -> None:
    assert native_name(locale) == name
