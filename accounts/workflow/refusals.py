"""Why a change of this room is refused."""

from datetime import datetime

from accounts.composition import Matter


class Refused(Exception):
    """The change is not allowed; the message is for the person who asked."""


class MattersOpen(Refused):
    """Dossiers await the person: `matters`."""

    def __init__(self, matters: list[Matter]) -> None:
        super().__init__("Des dossiers vous attendent encore.")
        self.matters = matters


class TooManyCodes(Refused):
    """No code may be sent before `next_at` (Q6)."""

    def __init__(self, next_at: datetime) -> None:
        super().__init__("Trop de codes demandés.")
        self.next_at = next_at
