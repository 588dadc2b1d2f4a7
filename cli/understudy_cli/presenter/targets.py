"""Mouth poses: the parameters of articulation, and what each kind of sound wants of them."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Articulation:
    """One mouth pose; all zero is the mouth at rest, lightly closed. 1 is as far as clear speech goes.

    `jaw` lowers chin and lower teeth, `open` parts the lips (0 touches), `width` spreads (+) or narrows (-), `round`
    purses and protrudes, `press` squeezes closed lips, `upper` bares the upper teeth, `tuck` brings the lower lip
    under them, `tip` and `body` raise the tongue, `corner` lifts the corners.
    """

    jaw: float = 0.0
    open: float = 0.0
    width: float = 0.0
    round: float = 0.0
    press: float = 0.0
    upper: float = 0.0
    tuck: float = 0.0
    tip: float = 0.0
    body: float = 0.0
    corner: float = 0.0


NAMES = tuple(field.name for field in fields(Articulation))


@dataclass(frozen=True)
class Target:
    """Where a sound takes the mouth, how firmly it insists (by parameter), and how fast dominance decays (1/s)."""

    pose: Articulation
    firm: tuple[tuple[str, float], ...] = ()
    decay: float = 14.0


TARGETS: dict[str, Target] = {
    "rest": Target(Articulation(), (("open", 1.3), ("jaw", 0.8)), 15.0),
    "lips": Target(
        Articulation(jaw=0.10, open=-0.06, press=0.9, width=-0.05), (("open", 9.0), ("press", 6.0), ("jaw", 0.6)), 25.0
    ),
    "teeth-lip": Target(
        Articulation(jaw=0.12, open=0.12, tuck=1.0, upper=0.45, width=0.05),
        (("open", 5.0), ("tuck", 8.0), ("upper", 4.0)),
        24.0,
    ),
    "tongue-teeth": Target(Articulation(jaw=0.20, open=0.32, tip=0.8, width=0.1), (("open", 2.0), ("tip", 5.0)), 20.0),
    "tongue-ridge": Target(Articulation(jaw=0.16, open=0.28, tip=1.0), (("jaw", 1.2), ("tip", 5.0)), 20.0),
    "back": Target(Articulation(jaw=0.25, open=0.34, body=1.0), (("body", 4.0),), 17.0),
    "hiss": Target(
        Articulation(jaw=0.03, open=0.26, width=0.25, upper=0.12, tip=0.6), (("jaw", 3.5), ("open", 2.0)), 20.0
    ),
    "hush": Target(
        Articulation(jaw=0.08, open=0.42, round=0.55, upper=0.30, tip=0.5),
        (("jaw", 2.5), ("round", 3.0), ("upper", 2.0), ("open", 2.0)),
        17.0,
    ),
    "r": Target(Articulation(jaw=0.18, open=0.30, round=0.40, tip=0.3), (("round", 1.6),), 16.0),
    "breath": Target(Articulation(jaw=0.25, open=0.32), (("open", 0.5), ("jaw", 0.5)), 16.0),
    "w": Target(Articulation(jaw=0.10, open=0.20, round=1.0, body=0.6), (("round", 5.0), ("open", 3.0)), 18.0),
    "a": Target(Articulation(jaw=0.95, open=0.92, width=0.05, body=-0.2), (("jaw", 2.2), ("open", 2.2)), 12.0),
    "ae": Target(
        Articulation(jaw=0.80, open=0.80, width=0.35, upper=0.10), (("jaw", 2.0), ("open", 2.0), ("width", 1.5)), 12.0
    ),
    "uh": Target(Articulation(jaw=0.58, open=0.60), (("jaw", 1.2), ("open", 1.4)), 12.0),
    "e": Target(
        Articulation(jaw=0.48, open=0.52, width=0.40, corner=0.1, body=0.4), (("open", 1.6), ("width", 1.6)), 12.0
    ),
    "i": Target(
        Articulation(jaw=0.16, open=0.34, width=0.75, corner=0.2, upper=0.1, body=0.9),
        (("open", 1.6), ("width", 2.4)),
        12.0,
    ),
    "o": Target(
        Articulation(jaw=0.58, open=0.56, round=0.72, body=0.1), (("round", 3.0), ("open", 1.7), ("jaw", 1.4)), 12.0
    ),
    "u": Target(Articulation(jaw=0.16, open=0.28, round=1.0, body=0.5), (("round", 3.6), ("open", 2.2)), 12.0),
    "y": Target(Articulation(jaw=0.16, open=0.28, round=0.9, body=0.9), (("round", 3.4), ("open", 2.0)), 12.0),
    "oe": Target(Articulation(jaw=0.40, open=0.42, round=0.65, body=0.4), (("round", 2.6), ("open", 1.6)), 12.0),
    "schwa": Target(Articulation(jaw=0.32, open=0.38), (("open", 0.7), ("jaw", 0.6)), 12.0),
}
