"""What a video is about: categories of the IAB Tech Lab Content Taxonomy 3.1, by id and name.

Source: https://github.com/InteractiveAdvertisingBureau/Taxonomies, file `Content Taxonomy 3.1.tsv` (IAB Tech Lab, CC BY
3.0). Here: every category of tier 1, and below them those that contracts about a likeness exclude or ask consent for,
with their ancestors. Ids and names are IAB's own; a category not in this table is refused, never silently let through.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, Field

_TABLE: Final = """
150||Attractions
181|150|Casinos & Gambling
1||Automotive
42||Books and Literature
52||Business and Finance
53|52|Business
63|53|Business Banking & Finance
65|63|Bankruptcy
66|63|Business Loans
123||Careers
80DV8O||Communication
380||Crime
381||Disasters
132||Education
JLBCU7||Entertainment
8VZQHL||Events
186||Family and Relationships
188|186|Dating
192|186|Parenting
197|192|Parenting Children Aged 4-11
198|192|Parenting Teens
201||Fine Art
210||Food & Drink
211|210|Alcoholic Beverages
SPSHQ5||Genres
KHPC5A|SPSHQ5|True Crime
223||Healthy Living
224|223|Children's Health
231|223|Weight Loss
232|223|Wellness
233|232|Alternative Medicine
239||Hobbies & Interests
1KXCLD||Holidays
274||Home & Garden
383||Law
286||Medical Health
323|286|Cosmetic Medical Services
287|286|Diseases and Conditions
301|287|Mental Health
302|287|Reproductive Health
307|287|Sexual Health
311|287|Substance Abuse
319|286|Medical Tests
320|286|Pharmaceutical Drugs
321|286|Surgery
322|286|Vaccines
163||Personal Celebrations & Life Events
391||Personal Finance
398|391|Insurance
405|391|Personal Debt
408|405|Personal Loans
410|391|Personal Investing
422||Pets
386||Politics
8YPBBL|386|Civic affairs
387|386|Elections
388|386|Political Issues & Policy
432||Pop Culture
433|432|Celebrity Deaths
441||Real Estate
453||Religion & Spirituality
454|453|Agnosticism
456|453|Astrology
457|453|Atheism
458|453|Buddhism
459|453|Christianity
460|453|Hinduism
461|453|Islam
462|453|Judaism
463|453|Sikhism
455|453|Spirituality
464||Science
v9i3On||Sensitive Topics
Rm3SiT|v9i3On|Adult & Explicit Sexual Content
avbNf2|v9i3On|Arms & Ammunition
XtODT3|v9i3On|Crime & Harmful Acts to Individuals, Society & Human Right Violations
I4GWl6|v9i3On|Death, Injury, or Military Conflict
Z7rJBM|v9i3On|Debated Sensitive Social Issues
HxqYV1|v9i3On|Hate Speech and Acts of Aggression
pg0WhF|v9i3On|Illegal Drugs, Tobacco, eCigarettes, Vaping, Alcohol
j9PaO9|v9i3On|Obscenity and Profanity
mm3UXx|v9i3On|Online Piracy
6i4dB6|v9i3On|Spam or Harmful Content
8FD8nI|v9i3On|Terrorism
473||Shopping
483||Sports
524|483|Poker and Professional Gambling
552||Style & Fashion
596||Technology & Computing
653||Travel
680||Video Gaming
685|680|Video Game Genres
MQ2XML|685|Adult Video Games
ZJG29S|685|Casino and Gambling Video Games
389||War and Conflicts
"""


@dataclass(frozen=True)
class Category:
    """One category; `parent` is the id of the one above, None on tier 1."""

    id: str
    parent: str | None
    name: str


def _categories() -> dict[str, Category]:
    rows = (line.split("|") for line in _TABLE.strip().splitlines())
    return {id_: Category(id_, parent or None, name) for id_, parent, name in rows}


CATEGORIES: Final = _categories()
"""The categories by id."""

_BY_NAME: Final = {one.name.casefold(): one.id for one in CATEGORIES.values()}

SENSITIVE: Final = (
    "181",
    "211",
    "231",
    "286",
    "380",
    "381",
    "386",
    "389",
    "453",
    "524",
    "MQ2XML",
    "ZJG29S",
    "v9i3On",
)
"""What needs the owner's consent per use unless a license says otherwise: gambling, alcohol, weight loss, health, crime,
disasters, politics, war, religion, adult games, and all of IAB's Sensitive Topics."""


def category_id(text: str) -> str:
    """The id of a category given by id or name. Raises ValueError, naming the nearest, when there is none."""
    if text in CATEGORIES:
        return text
    if found := _BY_NAME.get(text.casefold()):
        return found
    word = text.casefold().split(" ")[0]
    near = [one.name for one in CATEGORIES.values() if word and word in one.name.casefold()][:3]
    raise ValueError(
        f"{text[:60]!r} is no category of the table (IAB Content Taxonomy 3.1)"
        + (f"; did you mean {' or '.join(near)}?" if near else "; tier 1 holds e.g. Politics, Shopping, Travel")
    )


CategoryId = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(category_id)]
"""A category by id; a name is taken for its id."""


def within(category: str, above: Iterable[str]) -> bool:
    """Whether a category is one of `above` or lies below one of them."""
    wanted, at = set(above), CATEGORIES.get(category)
    while at is not None:
        if at.id in wanted:
            return True
        at = CATEGORIES.get(at.parent) if at.parent else None
    return category in wanted


def category_names(ids: Iterable[str]) -> str:
    """The names in one line, sorted."""
    return ", ".join(sorted(CATEGORIES[one].name if one in CATEGORIES else one for one in ids))
