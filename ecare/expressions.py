"""SQL that Django's expressions do not write."""

from __future__ import annotations

from django.db.models import BooleanField, Func


class Among(Func):
    """`Among(F("pk"), keys)`: `pk = ANY (keys)`, `keys` being an array; its text does not depend on how many they are,
    as that of `pk__in` does."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field = BooleanField()
