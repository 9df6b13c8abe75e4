"""One spelling for every name, so that what people type meets what FINESS holds.

FINESS writes « ASS.ACCUEIL FORMA INSERT PERSON SOURD », « RES. ST-JEAN », « E.H.P.A.D. »; people type
« association accueil », « résidence saint jean », « ehpad ». `normalise` brings both to the same words.
"""

import re
import unicodedata
from functools import lru_cache

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "’": "'", "ʼ": "'", "´": "'"})
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu)'(?=[a-z0-9])")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_INITIALS = re.compile(r"\b(?:[a-z] )+[a-z]\b")
# « COTE D OR », « VAL D OISE »: an article left alone by a lost apostrophe.
_LOST_ELISION = re.compile(r"\b[cdjlmnst] (?=[a-z]{2})")
# Sorts after every letter and digit: the entities whose name is unknown come last.
LAST = "~"

# What a `sort_name` column takes: a name whose abbreviations are spelt out may be three times as long as published.
LONGEST_KEY = 250

# Words too common to select anything: the search ignores them when there are others.
STOP_WORDS = frozenset(("a", "au", "aux", "de", "des", "du", "en", "et", "la", "le", "les", "par", "pour", "sur"))

_ABBREVIATIONS = {
    "accomp": "accompagnement",
    "accompagnt": "accompagnement",
    "ass": "association",
    "asso": "association",
    "assoc": "association",
    "associat": "association",
    "auxil": "auxiliaires",
    "ch": "centre hospitalier",
    "chi": "centre hospitalier intercommunal",
    "chr": "centre hospitalier regional",
    "chru": "centre hospitalier regional universitaire",
    "chs": "centre hospitalier specialise",
    "chu": "centre hospitalier universitaire",
    "clin": "clinique",
    "ctr": "centre",
    "ctre": "centre",
    "dep": "departement",
    "dept": "departement",
    "depart": "departement",
    "dom": "domicile",
    "dr": "docteur",
    "enf": "enfants",
    "etab": "etablissement",
    "etabl": "etablissement",
    "etablissements": "etablissement",
    "etabs": "etablissement",
    "etb": "etablissement",
    "ets": "etablissement",
    "fed": "federation",
    "fond": "fondation",
    "foy": "foyer",
    "gal": "general",
    "gest": "gestion",
    "hand": "handicapes",
    "handic": "handicapes",
    "hebergt": "hebergement",
    "hop": "hopital",
    "hosp": "hospitalier",
    "hospit": "hospitalier",
    "inst": "institut",
    "intercom": "intercommunal",
    "mais": "maison",
    "menag": "menagere",
    "mdr": "maison retraite",
    "mut": "mutualite",
    "nd": "notre dame",
    "pers": "personnes",
    "person": "personnes",
    "pr": "pour",
    "prest": "prestataire",
    "reg": "regional",
    "res": "residence",
    "resid": "residence",
    "retr": "retraite",
    "sce": "service",
    "ser": "service",
    "serv": "service",
    "services": "service",
    "st": "saint",
    "ste": "sainte",
    "sts": "saints",
    "stes": "saintes",
    "svce": "service",
    "synd": "syndicat",
    "univ": "universitaire",
}

# Whole phrases that everyone knows by their initials, once the words above are expanded.
_PHRASES = {
    r"etablissement (?:d )?hebergement (?:pour )?personnes agees dependantes": "ehpad",
    r"etablissement (?:et )?service (?:d )?(?:aide|accompagnement) (?:par )?(?:le )?travail": "esat",
    r"foyer (?:d )?accueil medicalise": "fam",
    r"foyer (?:de )?jeunes travailleurs": "fjt",
    r"foyer logement": "fl",
    r"institut medico educatif": "ime",
    r"institut therapeutique educatif (?:et )?pedagogique": "itep",
    r"maison (?:d )?accueil specialisee": "mas",
    r"maison (?:d )?enfants (?:a )?caractere social": "mecs",
    r"maison (?:de )?retraite": "maison retraite",
    r"service (?:d )?accompagnement (?:a )?(?:la )?vie sociale": "savs",
    r"service (?:d )?education speciale (?:et )?(?:de )?soins (?:a )?domicile": "sessad",
    r"service (?:de )?soins infirmiers (?:a )?domicile": "ssiad",
    r"centre communal (?:d )?action sociale?": "ccas",
}
_ANY_PHRASE = re.compile(r"\b(?:" + "|".join(f"({phrase})" for phrase in _PHRASES) + r")\b")
_INITIALS_OF_PHRASES = tuple(_PHRASES.values())

# What people call one way and FINESS another: a search takes both, a name stays what it is.
_ALSO_CALLED = {
    "centre hospitalier": "hopital",
    "ehpad": "maison retraite",
    "hopital": "centre hospitalier",
    "maison retraite": "ehpad",
}
_TOKEN = re.compile(r"maison retraite|centre hospitalier|[^ ]+")
_CEDEX = re.compile(r" cedex\b.*")


_LONGEST_SEARCH = 200
_MOST_WORDS = 12


def _spell(text: str) -> str:
    """Lower case, no accents, no punctuation, initials joined; abbreviations are still there."""
    text = text.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
        text = "".join([letter for letter in text if not unicodedata.combining(letter)])
    if "&" in text:
        text = text.replace("&", " et ")
    if "'" in text:
        text = _ELISION.sub("", text)
    text = _NOT_WORD.sub(" ", text).strip()
    text = _INITIALS.sub(lambda found: found.group().replace(" ", ""), text)
    return _LOST_ELISION.sub("", text)


def _expand(spelt: str) -> str:
    return " ".join([_ABBREVIATIONS.get(word, word) for word in spelt.split()])


def _shorten(text: str) -> str:
    return _ANY_PHRASE.sub(lambda found: _INITIALS_OF_PHRASES[(found.lastindex or 1) - 1], text)


def normalise(text: str) -> str:
    """Lower case, no accents, no ligatures, no punctuation, initials joined, usual abbreviations spelt out.

    Idempotent: a text already normalised comes back unchanged.
    """
    return _shorten(_expand(_spell(text)))


def wanted(text: str) -> list[tuple[str, ...]]:
    """What a search asks for, in any order: one tuple a word, of the spellings that will do.

    A word that is an abbreviation may also be the beginning of another one (« dom » for « domicile », or for
    « Domino »): both will do; so will « EHPAD » for « maison de retraite », « centre hospitalier » for « hôpital ».
    Small words count only when there is nothing else.
    """
    spelt = _spell(text[:_LONGEST_SEARCH])
    expanded = _expand(spelt)
    whole = _shorten(expanded)
    tokens = _TOKEN.findall(spelt if whole == expanded else whole)
    words = [_spellings(_ABBREVIATIONS.get(token, token), token) for token in tokens]
    words = [spellings for spellings in words if spellings[0] not in STOP_WORDS] or words
    return list(dict.fromkeys(words))[:_MOST_WORDS]


def _spellings(word: str, typed: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((word, typed, _ALSO_CALLED.get(word, word))))


def singular(word: str) -> str:
    """Without its plural mark, so that it begins both forms."""
    return word[:-1] if len(word) > 4 and word.endswith("s") else word


def cuts(word: str) -> list[str]:
    """The pairs of words that a long one may be, its space forgotten."""
    return [f"{word[:place]} {word[place:]}" for place in range(3, min(len(word), 20) - 2)]


def searchable(*names: str) -> str:
    """What a `search_text` column holds: the normalised names, each word preceded by a space.

    So that `LIKE '% word%'` finds the beginning of any word, the first included, through the trigram index.
    """
    return "".join(f" {text}" for text in dict.fromkeys(map(normalise, dict.fromkeys(names))) if text)


@lru_cache(maxsize=65536)
def spell_town(city: str) -> str:
    """What a `search_town` column holds: the normalised name of the town, without « CEDEX »."""
    return _CEDEX.sub("", normalise(city))


def located(text: str, city: str) -> str:
    """A text made by `searchable`, and the town when it does not hold it."""
    town = spell_town(city)
    return text if not town or f" {town}" in text else f"{text} {town}"


def holds(text: str, words: list[tuple[str, ...]]) -> bool:
    """Whether a text made by `searchable` holds all that `wanted` asks for: what the database does with LIKE."""
    return all(any(f" {singular(spelling)}" in text for spelling in spellings) for spellings in words)


def columns(name: str, long_name: str) -> tuple[str, str]:
    """`sort_name` and `search_text` of an entity of these names."""
    short = normalise(name)
    long = normalise(long_name) if long_name and long_name != name else ""
    text = f" {short}" if short else ""
    if long and long != short:
        text += f" {long}"
    return (short or long or LAST)[:LONGEST_KEY], text


def line(name: str, long_name: str, city: str) -> str:
    """`search_text` of a site: its names and its town."""
    return located(columns(name, long_name)[1], city)


def sort_key(name: str) -> str:
    """What a `sort_name` column holds; compared byte by byte, so that every server sorts alike."""
    return normalise(name)[:LONGEST_KEY] or LAST
