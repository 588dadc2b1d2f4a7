"""What the presenter says: varied sentences, most of them English, written for this project."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sentence:
    """A text and its BCP 47 locale."""

    text: str
    locale: str


_TEXTS: dict[str, tuple[str, ...]] = {
    "en-GB": (
        "Hello, and welcome! I am a drawn presenter, so nobody real is speaking to you.",
        "Please bring the blue umbrella, because five purple clouds are moving over the valley.",
        "Would you choose warm soup, fresh figs, or a very large piece of apple pie?",
        "My brother plays the oboe on Wednesdays, while Emma bakes bread before breakfast.",
        "The ship leaves the harbour at half past four, with thirty boxes of yellow lemons.",
        "Every good view of the world starts with a small and honest question.",
        "Watch how the juice moves through the tube, and measure the pressure twice.",
        "Few people know that the old piano above the bar was bought for just one pound.",
        "She sells smooth stones near the beach, and he chooses the shiny ones.",
        "Our team will show you each step, from the first idea to the final film.",
        "Wow, what a beautiful morning! Let us open the window and hear the birds.",
        "Make the most of it: move a bit, breathe, and enjoy your time with the family.",
        "A thoughtful author wrote both poems by the river, under the mighty oak.",
        "Judge the garage by its huge orange door, not by the damaged bridge.",
        "Could we put the wooden bowl of cookies next to the good books?",
        "Thank you for watching. I look forward to meeting you here again very soon.",
    ),
    "de-DE": (
        "Guten Morgen! Heute zeigen wir Ihnen fünf schöne Möbel für ein gemütliches Zuhause.",
        "Über den Wolken fliegt ein bunter Vogel, und unten blüht der Apfelbaum.",
        "Möchten Sie lieber Pflaumenkuchen oder eine warme Suppe mit frischem Brot?",
    ),
    "fr-FR": (
        "Bonjour à tous, nous sommes heureux de vous montrer une toute nouvelle boutique.",
        "Le vieux pêcheur aime beaucoup les pommes, le fromage blanc et la musique douce.",
        "Où voulez-vous déjeuner, au bord du fleuve ou sous le grand chêne ?",
    ),
    "es-ES": (
        "Buenos días, hoy vamos a probar un plato muy fácil con tomate y pimiento.",
        "Mi abuela vive en un pueblo pequeño, entre el bosque verde y el mar.",
    ),
    "it-IT": ("Benvenuti, oggi parliamo di musica, di buon cibo e di viaggi favolosi.",),
    "pl-PL": ("Dzień dobry, mamy dla państwa pięć pomysłów na bardzo udany weekend.",),
}
_ENGLISH_SHARE = 2  # English sentences for each one in another language


def programme(seed: int) -> list[Sentence]:
    """All sentences in an order that `seed` fixes: the welcome first, then two in English for each in another tongue."""
    rng = np.random.default_rng(seed)
    english = [Sentence(text, "en-GB") for text in _TEXTS["en-GB"]]
    others = [Sentence(text, locale) for locale, texts in _TEXTS.items() if locale != "en-GB" for text in texts]
    rest = [english[i + 1] for i in rng.permutation(len(english) - 1)]
    others = [others[i] for i in rng.permutation(len(others))]
    order = [english[0]]
    while rest or others:
        order += rest[:_ENGLISH_SHARE] + others[:1]
        rest, others = rest[_ENGLISH_SHARE:], others[1:]
    return order
