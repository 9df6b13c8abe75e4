"""Why a guichet, or a form, cannot be published (G4): sentences in French for the person who wrote it.

They look at descriptions as `fixtures/guichets/` writes them, before anything is stored.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dossiers import conditions, uploads
from dossiers.enums import QuestionKind, RegionalRole, StageKind
from establishments.enums import EstablishmentType

Description = Mapping[str, Any]

CHOICES = {QuestionKind.SINGLE_CHOICE, QuestionKind.MULTIPLE_CHOICE}
#: What a condition may ask of an answer, by kind; the other kinds cannot be asked anything.
FACTS: dict[str, set[str]] = {
    QuestionKind.COMMITMENT: {"value"},
    QuestionKind.SINGLE_CHOICE: {"value"},
    QuestionKind.MULTIPLE_CHOICE: {"value"},
    QuestionKind.PERIMETER: {"value", "regions", "legal_entities"},
}
QUESTION_KEYS = {
    "code",
    "kind",
    "label",
    "short_label",
    "help",
    "mandatory",
    "shown_when",
    "frozen_after_transmission",
    "options",
    "template_file",
}


def of_guichet(data: object) -> list[str]:
    """The flaws of a guichet and of its étapes; their forms are looked at by `of_form`."""
    if not isinstance(data, dict):
        return ["le fichier ne décrit pas un guichet"]
    found = [*lacking(data, ("code", "title", "short_title", "audience", "regional_role", "stages"), "guichet")]
    if found:
        return found
    found += outside(data["audience"], EstablishmentType.values, "type d'établissement inconnu")
    found += outside([data["regional_role"]], RegionalRole.values, "rôle régional inconnu")
    seen: set[str] = set()
    for stage in data["stages"]:
        if without := list(lacking(stage, ("code", "kind", "title"), "étape")):
            found += without
            continue
        code = stage["code"]
        if code in seen:
            found.append(f"l'étape « {code} » est décrite deux fois")
        seen.add(code)
        found += outside([stage["kind"]], StageKind.values, f"{code} : nature d'étape inconnue")
        found += window(stage)
    return found


def window(stage: Description) -> Iterator[str]:
    days = [stage.get("opens"), stage.get("closes")]
    if any(day is not None and (not isinstance(day, dt.date) or isinstance(day, dt.datetime)) for day in days):
        yield f"{stage['code']} : une ouverture et une fermeture s'écrivent comme un jour, 2026-06-04"
    elif None not in days and days[1] < days[0]:  # type: ignore[operator]
        yield f"{stage['code']} : la fermeture précède l'ouverture"


def of_form(form: object) -> list[str]:
    """The flaws of an étape's form."""
    if not isinstance(form, dict) or not form.get("sections"):
        return ["le formulaire n'a aucune section"]
    found: list[str] = []
    seen: dict[str, Description] = {}
    for section in form["sections"]:
        found += lacking(section, ("title", "questions"), "section")
        for question in section.get("questions") or []:
            if without := list(lacking(question, ("code", "kind", "label", "short_label"), "question")):
                found += without
                continue
            found += of_question(question, seen)
            seen[question["code"]] = question
    if not any(question.get("mandatory", True) and not question.get("shown_when") for question in seen.values()):
        found.append("aucune question n'est obligatoire")
    for role, kind in (
        ("track_question", QuestionKind.SINGLE_CHOICE),
        ("perimeter_question", QuestionKind.PERIMETER),
    ):
        code = form.get(role)
        if code and code not in seen:
            found.append(f"{role} : la question « {code} » n'existe pas")
        elif code and seen[code]["kind"] != kind:
            found.append(f"{role} : la question « {code} » n'est pas de la nature « {kind} »")
    return found


def of_question(question: Description, earlier: Mapping[str, Description]) -> Iterator[str]:
    code, options = question["code"], question.get("options", {})
    if code in earlier:
        yield f"{code} : ce code est utilisé deux fois"
    for key in sorted(question.keys() - QUESTION_KEYS):
        yield f"{code} : propriété inconnue « {key} »"
    if question["kind"] not in QuestionKind.values:
        yield f"{code} : nature de question inconnue « {question['kind']} »"
    if question["kind"] in CHOICES:
        values = [choice.get("value") for choice in options.get("choices", [])]
        if not values or not all(isinstance(value, str) and value for value in values):
            yield f"{code} : chaque choix a une valeur, entre guillemets si c'est un nombre"
        elif len(set(values)) < len(values):
            yield f"{code} : deux choix ont la même valeur"
    files = options.get("files", {})
    yield from outside(files.get("extensions", []), uploads.MIME_TYPES, f"{code} : extension inconnue")
    if any(not isinstance(files.get(key, 1), int) or files.get(key, 1) < 1 for key in ("max_files", "max_megabytes")):
        yield f"{code} : un espace accepte au moins un fichier, d'au moins 1 Mo"
    yield from of_condition(code, question.get("shown_when"), earlier)
    if expected := options.get("expected"):
        yield from asked(code, expected["question"], expected["fact"], earlier)


def of_condition(
    code: str, condition: conditions.Condition | None, earlier: Mapping[str, Description]
) -> Iterator[str]:
    for each in conditions.leaves(condition):
        if "question" not in each or ("in" in each) == ("above" in each):
            yield f"{code} : une condition cite une question, puis « in » ou « above »"
            continue
        yield from asked(code, each["question"], each.get("fact", "value"), earlier)
        target = earlier.get(each["question"], {})
        if "in" in each and target.get("kind") in CHOICES:
            offered = [choice.get("value") for choice in target.get("options", {}).get("choices", [])]
            yield from outside(each["in"], offered, f"{code} : la condition cite une réponse qui n'existe pas")


def asked(code: str, question: str, fact: str, earlier: Mapping[str, Description]) -> Iterator[str]:
    if question not in earlier:
        yield f"{code} : la condition cite une question absente ou plus loin, « {question} »"
    elif fact not in FACTS.get(earlier[question]["kind"], set()):
        yield f"{code} : la réponse à « {question} » ne dit rien de tel que « {fact} »"


def lacking(data: object, keys: Iterable[str], noun: str) -> Iterator[str]:
    if not isinstance(data, Mapping):
        yield f"{noun} : une liste de propriétés est attendue"
        return
    name = data.get("code") or data.get("title") or "sans nom"
    for key in keys:
        if not data.get(key):
            yield f"{noun} « {name} » : il manque « {key} »"


def outside(values: Iterable[Any], known: Iterable[Any], sentence: str) -> list[str]:
    allowed = list(known)
    return [f"{sentence}, « {value} »" for value in values if value not in allowed]
