"""Why a guichet, or a form, cannot be published (G4): sentences in French for the person who wrote it.

They look at descriptions as `fixtures/guichets/` writes them, before anything is stored. What the
options of a question say is looked at by its kind.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.core.validators import slug_re
from django.db import models
from django.db.models import Model

from dossiers import conditions, days, kinds
from dossiers.enums import RegionalRole, StageEntry, StageKind
from dossiers.models import FormRevision, Guichet, Question, Section, Stage
from establishments.enums import EstablishmentType

Description = Mapping[str, Any]

CODE = re.compile(r"[-a-zA-Z0-9_]+")
SCHEMES = ("https://", "http://")

#: What a condition may ask of an answer, by kind; the other kinds cannot be asked anything.
FACTS: dict[str, set[str]] = {
    code: {fact.code for fact in kind.facts_offered} for code, kind in kinds.KINDS.items() if kind.facts_offered
}
GUICHET_KEYS = {
    "code",
    "title",
    "short_title",
    "audience",
    "regional_role",
    "support_email",
    "links",
    "presentation",
    "stages",
}
STAGE_KEYS = {
    "code",
    "kind",
    "title",
    "entry",
    "regional_role",
    "opens",
    "closes",
    "undated_text",
    "opening_text",
    "closing_text",
    "form",
}
FORM_KEYS = {"track_question", "perimeter_question", "minutes", "to_prepare", "axes", "sections"}
SECTION_KEYS = {"title", "help", "questions"}
QUESTION_KEYS = {
    "code",
    "kind",
    "label",
    "short_label",
    "help",
    "mandatory",
    "shown_when",
    "frozen_after_transmission",
    "help_anchor",
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
    found += unknown(data, GUICHET_KEYS, "guichet")
    found += texts(data, Guichet, "guichet")
    found += links(data.get("links", []))
    if sum(isinstance(stage, Mapping) and stage.get("entry") == StageEntry.START for stage in data["stages"]) > 1:
        found.append("une seule étape commence à la création du dossier")
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
        found += unknown(stage, STAGE_KEYS, f"étape « {code} »")
        found += texts(stage, Stage, code)
        found += outside([stage["kind"]], StageKind.values, f"{code} : nature d'étape inconnue")
        found += outside([stage.get("entry", StageEntry.START)], StageEntry.values, f"{code} : début d'étape inconnu")
        found += outside(
            [stage.get("regional_role", "")], ["", *RegionalRole.values], f"{code} : rôle régional inconnu"
        )
        found += window(stage)
    return found


def window(stage: Description) -> Iterator[str]:
    written = [stage.get("opens"), stage.get("closes")]
    if any(day is not None and not isinstance(day, dt.date) for day in written) or any(
        isinstance(day, dt.datetime) and day.tzinfo is None for day in written
    ):
        yield (
            f"{stage['code']} : une ouverture et une fermeture s'écrivent comme un jour, 2026-06-04, "
            "ou comme un instant avec son décalage, 2026-06-04 12:00:00+02:00"
        )
        return
    opens_at, closes_at = days.opening(written[0]), days.closing(written[1])
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        yield f"{stage['code']} : la fermeture précède l'ouverture"


def of_form(form: object) -> list[str]:
    """The flaws of an étape's form."""
    if not isinstance(form, dict) or not form.get("sections"):
        return ["le formulaire n'a aucune section"]
    found: list[str] = [*unknown(form, FORM_KEYS, "formulaire"), *texts(form, FormRevision, "formulaire")]
    found += numbers_and_axes(form)
    seen: dict[str, Description] = {}
    for section in form["sections"]:
        if without := list(lacking(section, ("title", "questions"), "section")):
            found += without
            continue
        found += unknown(section, SECTION_KEYS, f"section « {section['title']} »")
        found += texts(section, Section, f"section « {section['title']} »")
        for question in section.get("questions") or []:
            if without := list(lacking(question, ("code", "kind", "label", "short_label"), "question")):
                found += without
                continue
            if wrong := list(texts(question, Question, question["code"])):
                found += wrong
                continue
            found += of_question(question, seen)
            seen[question["code"]] = question
    found += of_axes(form.get("axes") or [], seen.values())
    if not any(question.get("mandatory", True) and not question.get("shown_when") for question in seen.values()):
        found.append("aucune question n'est obligatoire")
    for role, kind in (
        ("track_question", "single_choice"),
        ("perimeter_question", "perimeter"),
    ):
        code = form.get(role)
        if code and code not in seen:
            found.append(f"{role} : la question « {code} » n'existe pas")
        elif code and seen[code]["kind"] != kind:
            found.append(f"{role} : la question « {code} » n'est pas de la nature « {kind} »")
    return found


def of_axes(axes: object, questions: Iterable[Description]) -> Iterator[str]:
    """The flaws of the axes of a score, and of the questions that count for one."""
    if not isinstance(axes, list) or any(lacking_axis(axis) for axis in axes):
        yield "chaque axe du score a un code et un libellé"
        return
    codes = [axis["code"] for axis in axes]
    if len(set(codes)) < len(codes):
        yield "deux axes du score ont le même code"
    for question in questions:
        options = question.get("options", {})
        if isinstance(options, Mapping) and "axis" in options:
            yield from outside([options["axis"]], codes, f"{question['code']} : axe du score inconnu")


def lacking_axis(axis: object) -> bool:
    return not isinstance(axis, Mapping) or any(
        not isinstance(axis.get(key), str) or not axis[key] for key in ("code", "label")
    )


def of_question(question: Description, earlier: Mapping[str, Description]) -> Iterator[str]:
    code, options = question["code"], question.get("options", {})
    if code in earlier:
        yield f"{code} : ce code est utilisé deux fois"
    for key in sorted(question.keys() - QUESTION_KEYS):
        yield f"{code} : propriété inconnue « {key} »"
    anchor = question.get("help_anchor", "")
    if anchor != "" and not (isinstance(anchor, str) and len(anchor) <= 60 and slug_re.match(anchor)):
        yield f"{code} : « help_anchor » est l'ancre d'une réponse de l'aide, par exemple perimetre"
    kind = kinds.KINDS.get(question["kind"])
    if kind is None:
        yield f"{code} : nature de question inconnue « {question['kind']} »"
    else:
        yield from (f"{code} : {flaw}" for flaw in kind.flaws(question, earlier))
    yield from of_condition(code, question.get("shown_when"), earlier)
    expected = options.get("expected") if isinstance(options, Mapping) else None
    if isinstance(expected, Mapping) and expected.keys() == {"question", "fact"}:
        yield from asked(code, expected["question"], expected["fact"], earlier)


def of_condition(
    code: str, condition: conditions.Condition | None, earlier: Mapping[str, Description]
) -> Iterator[str]:
    if not conditions.is_well_formed(condition):
        yield f"{code} : une condition cite une question, ou en réunit d'autres par « all » ou « any »"
        return
    for each in conditions.leaves(condition):
        operators = [operator for operator in conditions.OPERATORS if operator in each]
        if "question" not in each or len(operators) != 1:
            yield f"{code} : une condition cite une question, puis « in » ou « above » ou « below »"
            continue
        found = list(asked(code, each["question"], each.get("fact", "value"), earlier))
        yield from found or of_leaf(code, each, operators[0], earlier[each["question"]])


def of_leaf(code: str, leaf: conditions.Condition, operator: str, target: Description) -> Iterator[str]:
    """What a simple condition compares an answer with, once it is known that the question says this fact."""
    kind = kinds.KINDS[target["kind"]]
    fact = next(each for each in kind.facts_offered if each.code == leaf.get("fact", "value"))
    compared = leaf[operator]
    if operator == "in":
        if not isinstance(compared, list) or not compared:
            yield f"{code} : une condition cite au moins une réponse, en liste"
        elif fact.code == "value" and (citable := kind.citable(target.get("options", {}))):
            offered = [value for value, _ in citable]
            yield from outside(compared, offered, f"{code} : la condition cite une réponse qui n'existe pas")
    elif fact.is_date and not isinstance(conditions.limit_of(compared), dt.date):
        yield f"{code} : la condition compare à un jour, entre guillemets : « 2026-06-04 »"
    elif not fact.is_date and not (fact.is_number and isinstance(conditions.limit_of(compared), Decimal)):
        yield f"{code} : la condition compare un nombre à un nombre"


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


def texts(data: Description, model: type[Model], where: object) -> Iterator[str]:
    """Whether each text of a description is one, that the database has room for."""
    for field in model._meta.get_fields():
        if not isinstance(field, models.CharField | models.TextField) or field.name not in data:
            continue
        value = data[field.name]
        if not isinstance(value, str):
            yield f"{where} : « {field.name} » est un texte, entre guillemets si c'est un nombre"
        elif field.max_length and len(value) > field.max_length:
            yield f"{where} : « {field.name} » dépasse {field.max_length} caractères"
        elif isinstance(field, models.SlugField) and value and not CODE.fullmatch(value):
            yield f"{where} : « {field.name} » s'écrit avec des lettres sans accent, des chiffres et des tirets"


def links(found: Any) -> Iterator[str]:
    if not isinstance(found, list) or not all(
        isinstance(link, Mapping) and link.keys() == {"label", "url"} and str(link["url"]).startswith(SCHEMES)
        for link in found
    ):
        yield "guichet : un lien a un libellé, « label », et une adresse, « url », qui commence par https://"


def numbers_and_axes(form: Description) -> Iterator[str]:
    minutes, axes = form.get("minutes"), form.get("axes", [])
    if minutes is not None and (not isinstance(minutes, int) or not 0 < minutes < 10_000):
        yield "formulaire : « minutes » est un nombre entier"
    if not isinstance(axes, list) or not all(
        isinstance(axis, Mapping)
        and axis.keys() == {"code", "label"}
        and all(isinstance(axis[key], str) for key in axis)
        for axis in axes
    ):
        yield "formulaire : un axe a un code, « code », et un libellé, « label »"
    elif len({axis["code"] for axis in axes}) < len(axes):
        yield "formulaire : deux axes ont le même code"


def unknown(data: Mapping[str, Any], keys: Iterable[str], where: str) -> Iterator[str]:
    for key in sorted(map(str, data.keys() - set(keys))):
        yield f"{where} : propriété inconnue « {key} »"


def outside(values: Iterable[Any], known: Iterable[Any], sentence: str) -> list[str]:
    allowed = list(known)
    return [f"{sentence}, « {value} »" for value in values if value not in allowed]
