"""Training the encoder in small: it learns, it exports what it learnt, it is the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from understudy_workers.models.phones import FEATURES, PhoneEncoder
from understudy_workers.training import phone_corpus as corpus
from understudy_workers.training.phone_encoder import CLASSES, Card, grouping, train


@pytest.fixture(scope="module")
def small() -> tuple[bytes, Card]:
    return train(12, 20.0, 1)


def test_learns_something_in_a_few_steps(small: tuple[bytes, Card]) -> None:
    card = small[1]
    assert card.steps == 12
    assert 400_000 < card.parameters < 500_000
    assert card.accuracy_seen_languages > 0.12
    assert 0 <= card.accuracy_held_out_languages <= 1


def test_the_export_hears(small: tuple[bytes, Card]) -> None:
    features = PhoneEncoder(small[0]).encode(np.zeros(8820, np.float32))
    assert features.shape == (40, FEATURES)
    likely = features[:, -len(corpus.ARTICULATIONS) :]
    shares = ((likely / 3) ** 2).sum(1)
    assert (shares > 0.2).all()
    assert (shares < 1.01).all()


def test_equal_arguments_give_equal_weights(small: tuple[bytes, Card]) -> None:
    assert train(12, 20.0, 1)[0] == small[0]


def test_every_known_phone_stands_in_one_group() -> None:
    groups = grouping({"p": 0, "aɪ": 1, "tʃ": 2, "ǃ": 3})
    assert groups.shape == (len(corpus.ARTICULATIONS), CLASSES)
    assert groups.sum(0)[:5].tolist() == [1, 1, 1, 0, 0]
    assert groups[corpus.articulation("m"), 0] == 1
