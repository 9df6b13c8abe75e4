"""One spelling for every name, so that what people type meets what FINESS holds.

FINESS writes « ASS.ACCUEIL FORMA INSERT PERSON SOURD », « RES. ST-JEAN », « E.H.P.A.D. »; people type
« association accueil », « résidence saint jean », « ehpad ». `normalise` brings both to the same words.
"""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "’": "'", "ʼ": "'", "´": "'"})
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu)'(?=[a-z0-9])")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_INITIALS = re.compile(r"\b(?:[a-z] )+[a-z]\b")
# « COTE D OR », « VAL D OISE »: an article left alone by a lost apostrophe.
_LOST_ELISION = re.compile(r"\b[cdjlmnst] (?=[a-z]{2})")
# Sorts after every letter and digit: the entities whose name is unknown come last.
LAST = "~"

# Words too common to select anything: the search ignores them when there are others.
STOP_WORDS = frozenset(("a", "au", "aux", "de", "des", "du", "en", "et", "la", "le", "les", "par", "pour", "sur"))

_ABBREVIATIONS = {
    "accomp": "accompagnement",
    "ass": "association",
    "asso": "association",
    "assoc": "association",
    "associat": "association",
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
    "handic": "handicapes",
    "hop": "hopital",
    "hosp": "hospitalier",
    "hospit": "hospitalier",
    "inst": "institut",
    "intercom": "intercommunal",
    "mais": "maison",
    "mdr": "maison retraite",
    "mut": "mutualite",
    "nd": "notre dame",
    "pers": "personnes",
    "person": "personnes",
    "pr": "pour",
    "res": "residence",
    "resid": "residence",
    "retr": "retraite",
    "sce": "service",
    "serv": "service",
    "services": "service",
    "st": "saint",
    "ste": "sainte",
    "sts": "saints",
    "stes": "saintes",
    "synd": "syndicat",
}

# Whole phrases that everyone knows by their initials, once the words above are expanded.
_PHRASES = [
    (re.compile(pattern), words)
    for pattern, words in (
        (r"\betablissement (?:d )?hebergement (?:pour )?personnes agees dependantes\b", "ehpad"),
        (r"\bmaison (?:de )?retraite\b", "maison retraite"),
        (r"\bservice (?:de )?soins infirmiers (?:a )?domicile\b", "ssiad"),
        (r"\bcentre communal (?:d )?action sociale?\b", "ccas"),
    )
]


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
    for pattern, words in _PHRASES:
        text = pattern.sub(words, text)
    return text


def normalise(text: str) -> str:
    """Lower case, no accents, no ligatures, no punctuation, initials joined, usual abbreviations spelt out.

    Idempotent: a text already normalised comes back unchanged.
    """
    return _shorten(_expand(_spell(text)))


def wanted(text: str) -> list[tuple[str, ...]]:
    """What a search asks for, in any order: one tuple a word, of the spellings that will do.

    A word that is an abbreviation may also be the beginning of another one (« dom » for « domicile », or for
    « Domino »): both will do. Small words count only when there is nothing else.
    """
    spelt = _spell(text[:_LONGEST_SEARCH])
    expanded = _expand(spelt)
    whole = _shorten(expanded)
    if whole == expanded:
        words = [tuple(dict.fromkeys((_ABBREVIATIONS.get(word, word), word))) for word in spelt.split()]
    else:
        words = [(word,) for word in whole.split()]
    words = [spellings for spellings in words if spellings[0] not in STOP_WORDS] or words
    return list(dict.fromkeys(words))[:_MOST_WORDS]


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
    return "".join(f" {text}" for text in dict.fromkeys(normalise(name) for name in names) if text)


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
    return short or long or LAST, text


def sort_key(name: str) -> str:
    """What a `sort_name` column holds; compared byte by byte, so that every server sorts alike."""
    return normalise(name) or LAST
