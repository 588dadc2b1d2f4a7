"""How much may be spent on telling what happens: what goes well gets half of it, so that what goes wrong finds room."""

from __future__ import annotations


class Room:
    """An amount that is spent little by little; the unit is the user's."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.spent = 0

    def take(self, amount: int, *, routine: bool) -> bool:
        """Spends an amount when there is room for it; says whether there was."""
        if self.spent + amount > (self._limit // 2 if routine else self._limit):
            return False
        self.spent += amount
        return True
