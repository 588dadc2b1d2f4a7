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
        "At most 36,000 seconds of video in total, each format counting.",
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
