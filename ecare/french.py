"""How the portal writes numbers, dates, delays and identifiers in French.

Thousands are separated by a narrow no-break space (U+202F), a unit or the euro sign follows a no-break space (U+00A0),
times are those of Paris whatever the zone of the value given.
"""

import datetime as dt
import decimal
import math
import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import phonenumbers
from django.utils import timezone

PARIS = ZoneInfo("Europe/Paris")
NBSP = "\u00a0"
THIN = "\u202f"

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
SHORT_MONTHS = (
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juill.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
)
# Where it is another time than in Paris: INSEE code of the département, its clock, how one says « there ».
OVERSEAS = {
    "971": ("America/Guadeloupe", "en Guadeloupe"),
    "972": ("America/Martinique", "en Martinique"),
    "973": ("America/Cayenne", "en Guyane"),
    "974": ("Indian/Reunion", "à La Réunion"),
    "975": ("America/Miquelon", "à Saint-Pierre-et-Miquelon"),
    "976": ("Indian/Mayotte", "à Mayotte"),
    "977": ("America/St_Barthelemy", "à Saint-Barthélemy"),
    "978": ("America/Marigot", "à Saint-Martin"),
    "986": ("Pacific/Wallis", "à Wallis-et-Futuna"),
    "987": ("Pacific/Tahiti", "en Polynésie française"),
    "988": ("Pacific/Noumea", "en Nouvelle-Calédonie"),
}
# France and the overseas territories whose national number is dialled as such from the mainland.
FRENCH_CALLING_CODES = frozenset({33, 262, 590, 594, 596})
# Nearly every number that is shown, by the thousand in an export; those of 8 are grouped in another way.
USUAL_PHONE = re.compile(r"\+33([1-79])(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII)


def integer(value: int | decimal.Decimal) -> str:
    """« 174 000 »: a whole number, rounded to the nearest one (half away from zero)."""
    rounded = decimal.Decimal(value).quantize(decimal.Decimal(1), rounding=decimal.ROUND_HALF_UP)
    return _minus(f"{rounded:,}".replace(",", THIN))


def number(value: int | decimal.Decimal) -> str:
    """« 1 250,5 »: an exact number, with the decimals that it has."""
    whole, _, decimals = f"{decimal.Decimal(value):,f}".partition(".")
    return _minus(whole.replace(",", THIN) + (f",{decimals}" if decimals else ""))


def euros(amount: int | decimal.Decimal) -> str:
    """« 18 800 € », or « 18 800,50 € » when there are cents."""
    value = decimal.Decimal(amount).quantize(decimal.Decimal("0.01"), rounding=decimal.ROUND_HALF_UP)
    if value == value.to_integral_value():
        return f"{integer(value)}{NBSP}€"
    return _minus(f"{value:,}".replace(",", THIN).replace(".", ",")) + f"{NBSP}€"


def day(value: dt.date | dt.datetime) -> str:
    """« 4 juin 2026 », « 1er juin 2026 »."""
    date = paris_date(value)
    return f"{'1er' if date.day == 1 else date.day} {MONTHS[date.month - 1]} {date.year}"


def short_day(value: dt.date | dt.datetime) -> str:
    """« 26 nov. 2026 », « 1er févr. 2026 »: for the cells of a table, of one piece that no line breaks."""
    date = paris_date(value)
    return f"{'1er' if date.day == 1 else date.day}{NBSP}{SHORT_MONTHS[date.month - 1]}{NBSP}{date.year}"


def weekday(value: dt.date | dt.datetime) -> str:
    """« jeudi 4 juin 2026 »."""
    return f"{DAYS[paris_date(value).weekday()]} {day(value)}"


def clock(value: dt.datetime) -> str:
    """« 14 h 32 », in Paris."""
    local = timezone.localtime(value, PARIS)
    return f"{local.hour}{NBSP}h{NBSP}{local.minute:02}"


def moment(value: dt.datetime) -> str:
    """« jeudi 4 juin 2026 à 23 h 59, heure de Paris »."""
    return f"{weekday(value)} à {clock(value)}, heure de Paris"


def last_instant(end: dt.datetime) -> dt.datetime:
    """The last one before a deadline, of which the instant itself is refused (Q39)."""
    return end - dt.timedelta(microseconds=1)


def until(end: dt.datetime, departement: str | None = None) -> str:
    """« jeudi 4 juin 2026 à 23 h 59, heure de Paris » for a deadline, of which the instant itself is refused (Q39).

    Overseas, the time there follows: « …, soit vendredi 5 juin à 1 h 59 à La Réunion ». `departement` is an INSEE code.
    """
    last = last_instant(end)
    return moment(last) + overseas(last, departement)


def overseas(value: dt.datetime, departement: str | None) -> str:
    """« , soit 17 h 59 en Guadeloupe », the day being said when it is not that of Paris; nothing for the mainland."""
    if departement not in OVERSEAS:
        return ""
    zone, place = OVERSEAS[departement]
    there = timezone.localtime(value, ZoneInfo(zone))
    time = f"{there.hour}{NBSP}h{NBSP}{there.minute:02}"
    if there.date() == paris_date(value):
        return f", soit {time} {place}"
    number = "1er" if there.day == 1 else there.day
    return f", soit {DAYS[there.weekday()]} {number} {MONTHS[there.month - 1]} à {time} {place}"


def remaining(deadline: dt.datetime, *, now: dt.datetime | None = None) -> str:
    """« il reste 12 jours », then hours, then minutes; « le délai est dépassé » from the deadline on (Q39).

    Whole units are counted downwards: a person is never told more time than is left.
    """
    seconds = (deadline - (now or timezone.now())).total_seconds()
    if seconds <= 0:
        return "le délai est dépassé"
    for length, singular, plural in ((86_400, "jour", "jours"), (3_600, "heure", "heures"), (60, "minute", "minutes")):
        if seconds >= length:
            return f"il reste {count(math.floor(seconds / length), singular, plural)}"
    return "il reste moins d'une minute"


def count(number: int, singular: str, plural: str) -> str:
    """« 0 dossier », « 1 dossier », « 2 dossiers »: in French the plural begins at two."""
    return f"{integer(number)}{NBSP}{singular if abs(number) < 2 else plural}"


def duration(hours: int) -> str:
    """« 5 heures », « 3 jours », « 3 jours et 4 heures »: whole hours counted as they are, a day being 24 of them."""
    if not hours:
        return f"moins d'une{NBSP}heure"
    days, rest = divmod(hours, 24)
    parts = [count(days, "jour", "jours")] if days else []
    if rest:
        parts.append(count(rest, "heure", "heures"))
    return " et ".join(parts)


def size(number_of_bytes: int) -> str:
    """« 3,2 Mo »: units of 1 024, as the file managers of our users count them."""
    value = float(number_of_bytes)
    for unit in ("octets", "Ko", "Mo", "Go"):
        if value < 1024 or unit == "Go":
            break
        value /= 1024
    if unit == "octets":
        return count(number_of_bytes, "octet", "octets")
    text = f"{value:.1f}" if value < 10 else f"{value:.0f}"
    return f"{text.removesuffix('.0').replace('.', ',')}{NBSP}{unit}"


def phone(value: object) -> str:
    """« 01 01 01 01 01 » for a French number, « +32 2 555 12 12 » for another, the text as it is when it is none."""
    text = str(value or "")
    if usual := USUAL_PHONE.fullmatch(text):
        return "0" + NBSP.join(usual.groups())
    try:
        number = phonenumbers.parse(text, "FR")
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_possible_number(number):
        return text
    french = number.country_code in FRENCH_CALLING_CODES
    style = phonenumbers.PhoneNumberFormat.NATIONAL if french else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style).replace(" ", NBSP)


def iban(value: str) -> str:
    """« FR76 3000 6000 0112 3456 7890 189 »."""
    compact = "".join(str(value).split())
    return " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))


def quoted(text: object) -> str:
    """« texte » between French quotation marks."""
    return f"«{NBSP}{text}{NBSP}»"


def either(texts: Iterable[str]) -> str:
    """« A », « A ou B », « A, B ou C »: one text at least."""
    *first, last = texts
    return f"{', '.join(first)} ou {last}" if first else last


def together(texts: Iterable[str]) -> str:
    """« A », « A et B », « A, B et C »: one text at least."""
    *first, last = texts
    return f"{', '.join(first)} et {last}" if first else last


def paris_date(value: dt.date | dt.datetime) -> dt.date:
    if isinstance(value, dt.datetime):
        return timezone.localtime(value, PARIS).date()
    return value


def _minus(text: str) -> str:
    return text.replace("-", "−")
