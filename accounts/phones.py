"""Telephone numbers as people type them, from the mainland and from overseas."""

from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from phonenumbers import NumberParseException, PhoneNumberFormat, format_number

# Who shares the habit of a leading 0 first: 0590…, 0692… are numbers of their own, not of the mainland.
# Eight digits are Polynesian, and nobody else's.
TERRITORIES = ("GP", "MQ", "GF", "RE", "YT", "FR", "PF")
# Six digits, the same in three places: only the calling code tells.
SIX_DIGITS = {"+508": "Saint-Pierre-et-Miquelon", "+681": "Wallis-et-Futuna", "+687": "Nouvelle-Calédonie"}


class Ambiguous(ValueError):
    """Six digits, which exist in several territories: none of them begins by 0, as the others do."""


def e164(typed: str) -> str:
    """The number typed, as +33101010101; without calling code, that of the territory whose it is.

    Raises `Ambiguous` for six digits of several territories, ValueError for what is no number.
    """
    text = typed.replace("(0)", "").strip()
    digits = "".join(char for char in text if char.isdecimal())
    if text.startswith("+33") and not _valid(text, "FR"):
        text = f"0{digits[2:]}"  # +33 590… as many write it
    if text.startswith(("+", "00")):
        found = _valid(text, "FR")
        if found:
            return found
        raise ValueError(typed)
    if digits.startswith("0508") and len(digits) == 10 and (found := _valid(f"+508{digits[4:]}", "PM")):
        return found
    for territory in TERRITORIES:
        if found := _valid(text, territory):
            return found
    if len(digits) == 6 and not digits.startswith("0"):
        raise Ambiguous(typed)
    raise ValueError(typed)


def _valid(text: str, territory: str) -> str:
    try:
        number = phonenumbers.parse(text, territory)
    except NumberParseException:
        return ""
    return format_number(number, PhoneNumberFormat.E164) if phonenumbers.is_valid_number(number) else ""


class PhoneField(forms.CharField):
    """A number as people type it; cleaned, +33101010101."""

    default_error_messages = {
        "ambiguous": "Ajoutez l'indicatif devant ces six chiffres\u00a0: "
        + ", ".join(f"{code} ({name})" for code, name in SIX_DIGITS.items())
        + ".",
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", 40)
        options.setdefault("widget", forms.TextInput(attrs={"type": "tel"}))
        super().__init__(**options)

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        if not text:
            return text
        try:
            return e164(text)
        except Ambiguous:
            raise ValidationError(self.error_messages["ambiguous"], "ambiguous") from None
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], "invalid") from None
