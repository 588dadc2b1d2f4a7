from understudy_api.plain import terms_in_words
from understudy_api.terms import Terms

TERMS = Terms.model_validate(
    {
        "iss": "o" * 43,
        "aud": "f" * 43,
        "jti": "acme-spring-1",
        "iat": 0,
        "nbf": 1_767_225_600,
        "exp": 1_798_761_600,
        "assignee": {"namespace": "acme"},
        "twin": "a" * 64,
        "purposes": ["education", "advertising"],
        "channels": ["web"],
        "territories": ["FR", "DE"],
        "languages": ["de", "fr"],
        "quota": {"seconds": 36_000},
    }
)


def test_reads_like_a_contract_summary() -> None:
    assert terms_in_words(TERMS) == (
        "For acme alone, on this farm alone.",
        "From 2026-01-01 00:00 UTC until 2027-01-01 00:00 UTC.",
        "Purposes: advertising, education.",
        "Channels: web.",
        "Territories: DE, FR.",
        "Languages: de, fr.",
        "Not allowed: edits after delivery, puppeteering, singing, training on outputs.",
        "Only with the owner's consent to each use: Adult Video Games, Alcoholic Beverages, Casino and Gambling Video "
        "Games, Casinos & Gambling, Crime, Disasters, Medical Health, Poker and Professional Gambling, Politics, "
        "Religion & Spirituality, Sensitive Topics, War and Conflicts, Weight Loss.",
        "At most 36,000 seconds of video in total, each format counting.",
    )


FULL = Terms.model_validate(
    {
        **TERMS.model_dump(),
        "assignee": {"namespace": "acme", "brand": "Acme GmbH"},
        "exclusive": True,
        "versions": ["ab" * 32],
        "publish_until": 1_798_761_600,
        "formats": [{"aspect": "landscape", "max_height": 1080}, {"aspect": "portrait"}],
        "max_item_seconds": 30,
        "age": {"minimum": 25, "maximum": 35},
        "allows": {"edits": True},
        "excluded_categories": ["Politics"],
        "sensitive_categories": ["Alcoholic Beverages"],
        "preview": True,
        "preview_recipient": "age1" + "q" * 58,
        "disclosures": ["Paid partnership"],
        "quota": {"seconds": 1000, "items": 5000, "concurrent": 2},
        "royalty": {
            "currency": "EUR",
            "per_second_micros": 250_000,
            "per_item_micros": 1_000_001,
            "minimum_micros": 5_000_000_000,
            "splits": [
                {"role": "owner", "payee": "p-1", "share_millionths": 700_000},
                {"role": "studio", "payee": "p-2", "share_millionths": 300_000},
            ],
        },
        "status": {"index": 7, "ttl_seconds": 300},
        "intended_use": "One spring campaign.",
        "representation": {"kind": "union", "name": "Actors' Guild"},
        "contract_sha256": "cd" * 32,
    }
)


def test_a_full_license_says_everything() -> None:
    assert terms_in_words(FULL) == (
        "For acme (Acme GmbH) alone, on this farm alone.",
        "Exclusive: nobody else gets an overlapping license while it holds.",
        "Twin versions: abababababab.",
        "From 2026-01-01 00:00 UTC until 2027-01-01 00:00 UTC.",
        "May be shown until 2027-01-01 00:00 UTC (declared by the brand, recorded).",
        "Purposes: advertising, education.",
        "Channels: web.",
        "Territories: DE, FR.",
        "Languages: de, fr.",
        "Formats: landscape up to 1,080 px high, portrait.",
        "Each video at most 30 seconds long.",
        "Looks 25 to 35 years old.",
        "Allowed: edits after delivery.",
        "Not allowed: puppeteering, singing, training on outputs.",
        "Nothing about: Politics.",
        "Only with the owner's consent to each use: Alcoholic Beverages.",
        "A preview sealed to the owner may precede consent.",
        "Every showing says: 'Paid partnership'.",
        "At most 1,000 seconds of video in total, each format counting.",
        "At most 5,000 videos in total.",
        "At most 2 jobs at the same time.",
        "Royalty: 0.25 EUR a metered second, 1.000001 EUR a video, 5,000 EUR guaranteed at least.",
        "Paid to: owner p-1 70 %, studio p-2 30 %.",
        "Stops when the owner's status list is older than 300 seconds.",
        "Intended use: One spring campaign.",
        "The owner was represented by union: Actors' Guild.",
        f"Paper contract: SHA-256 {'cd' * 32}.",
    )


def test_every_clause_that_permits_checks_has_a_line() -> None:
    words = " ".join(terms_in_words(TERMS)).lower()
    for clause in ("purposes", "channels", "territories", "languages", "seconds", "from", "acme"):
        assert clause in words


def test_no_identifier_of_keys_leaks_into_the_words() -> None:
    words = " ".join(terms_in_words(TERMS))
    assert TERMS.iss not in words
    assert TERMS.aud not in words
    assert TERMS.twin not in words
