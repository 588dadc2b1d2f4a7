"""The plan of a capture: sound and pictures of equal length, mouth shut in pauses, several languages."""

import numpy as np
import pytest

from understudy_cli.presenter.cast import ADA, BEN
from understudy_cli.presenter.script import capture_script, write_script
from understudy_cli.presenter.sentences import Sentence, programme
from understudy_cli.presenter.targets import NAMES


def test_a_programme_is_mostly_english_and_visits_other_languages():
    sentences = programme(1)
    locales = [s.locale for s in sentences]
    assert len(sentences) == len(set(sentences))
    assert locales[0] == "en-GB"
    assert {"de-DE", "fr-FR", "es-ES"} <= set(locales)
    assert locales.count("en-GB") > len(locales) / 2


def test_the_seed_orders_the_sentences():
    assert programme(1) == programme(1)
    assert programme(1) != programme(2)
    assert set(programme(1)) == set(programme(2))


@pytest.mark.parametrize("seconds", [3.0, 12.5, 75.0])
def test_a_capture_lasts_exactly_as_long_as_asked(seconds):
    performance = capture_script(ADA, seconds, seed=1)
    assert performance.frames == round(seconds * 25)
    assert len(performance.samples) == performance.frames * 882
    assert len(performance.motion.turn) == performance.frames
    assert np.abs(performance.samples).max() <= 1.0


def test_the_mouth_rests_at_both_ends_and_in_pauses_and_opens_in_between():
    performance = write_script(BEN, [Sentence("Papa may go far.", "en-GB"), Sentence("Ja.", "de-DE")], seed=1)
    opening = performance.mouth[:, NAMES.index("open")]
    assert opening[:3].max() < 0.08
    assert opening[-3:].max() < 0.08
    assert opening.max() > 0.5
    first = [p for p in performance.phones if p.start_seconds < 2.5]
    gaps = np.diff([p.start_seconds for p in performance.phones])
    pause = int((performance.phones[int(gaps.argmax())].end_seconds + 0.3) * 25)
    assert len(first) > 8
    assert opening[pause] < 0.1


def test_silent_moments_keep_the_pose():
    performance = write_script(ADA, [Sentence("Wow, a map!", "en-GB")], seed=2)
    spoken, silent = performance.moment(20), performance.silent_moment(20)
    assert (spoken.turn, spoken.lids, spoken.brows, spoken.gaze) == (
        silent.turn,
        silent.lids,
        silent.brows,
        silent.gaze,
    )
    assert not any(vars(silent.mouth).values())
    assert any(vars(spoken.mouth).values())
