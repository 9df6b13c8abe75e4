"""Guichets read from YAML files: the format of `fixtures/guichets/` (G5).

Loading twice changes nothing. A form whose text changed becomes a new published revision; the windows of an étape
that exists are left alone, since an administrator may have moved them.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import yaml
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from dossiers import flaws
from dossiers.models import FormRevision, Guichet, Milestone, Question, Section, Stage, TemplateFile

#: Ten times faster where libyaml came with PyYAML, and as safe.
SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class InvalidCatalog(Exception):
    """A guichet file that contradicts itself; the text says where."""


def opening(day: dt.date | None) -> dt.datetime | None:
    """Midnight, Europe/Paris, at the beginning of a day."""
    if day is None:
        return None
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def closing(day: dt.date | None) -> dt.datetime | None:
    """The first instant after a day: a closing date means until 23:59:59, Europe/Paris."""
    return opening(day + dt.timedelta(days=1)) if day else None


@transaction.atomic
def load(path: Path) -> Guichet:
    """Create or update the guichet described in a file, whose name begins with its rank. Raises InvalidCatalog."""
    rank = path.name.partition("-")[0]
    if not rank.isdecimal():
        raise InvalidCatalog("le nom du fichier ne commence pas par le rang du guichet, comme « 1-poc.yaml »")
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=SafeLoader)  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidCatalog(f"ce n'est pas du YAML : {error}") from error
    if found := flaws.of_guichet(data):
        raise InvalidCatalog(" ; ".join(found))
    guichet, _ = Guichet.objects.update_or_create(
        code=data["code"],
        defaults={
            "title": data["title"],
            "short_title": data["short_title"],
            "presentation": data.get("presentation", "").strip(),
            "audience": data["audience"],
            "links": data.get("links", []),
            "regional_role": data["regional_role"],
            "position": int(rank),
        },
    )
    for number, stage_data in enumerate(data["stages"], start=1):
        stage, _ = Stage.objects.get_or_create(
            guichet=guichet,
            code=stage_data["code"],
            defaults={
                "position": number,
                "kind": stage_data["kind"],
                "title": stage_data["title"],
                "opens_at": opening(stage_data.get("opens")),
                "closes_at": closing(stage_data.get("closes")),
                "undated_text": stage_data.get("undated_text", "dates communiquées ultérieurement"),
                "opening_text": stage_data.get("opening_text", ""),
                "closing_text": stage_data.get("closing_text", ""),
            },
        )
        if "form" in stage_data:
            publish(stage, stage_data["form"], path.parent / "modeles")
    return guichet


def publish(stage: Stage, form: dict[str, Any], files: Path) -> FormRevision:
    """The published revision that says what `form` says: the newest one if it already does, else a new one.

    Raises InvalidCatalog."""
    if found := flaws.of_form(form):
        raise InvalidCatalog(" ; ".join(found))
    newest = stage.revisions.filter(published_at__isnull=False).order_by("-number").first()
    if newest is not None and describe(newest) == normal(form):
        return newest
    revision = FormRevision.objects.create(
        stage=stage,
        number=newest.number + 1 if newest else 1,
        track_question=form.get("track_question", ""),
        perimeter_question=form.get("perimeter_question", ""),
    )
    questions = []
    for section_position, section_data in enumerate(form["sections"], start=1):
        section = Section.objects.create(
            revision=revision,
            position=section_position,
            title=section_data["title"],
            help=section_data.get("help", ""),
        )
        for position, data in enumerate(section_data["questions"], start=1):
            fields = {key: value for key, value in data.items() if key != "template_file"}
            questions.append(
                Question(
                    revision=revision,
                    section=section,
                    position=position,
                    template_file=template_file(data["template_file"], files) if "template_file" in data else None,
                    **fields,
                )
            )
    Question.objects.bulk_create(questions)
    revision.published_at = timezone.now()
    revision.save(update_fields=["published_at"])
    return revision


def template_file(data: dict[str, str], files: Path) -> TemplateFile:
    found = TemplateFile.objects.filter(code=data["code"]).first()
    if found is not None:
        return found
    created = TemplateFile(code=data["code"], title=data["title"])
    try:
        with (files / data["file"]).open("rb") as handle:
            created.file.save(data["file"], File(handle), save=True)
    except FileNotFoundError as error:
        raise InvalidCatalog(f"{data['code']} : le modèle « {data['file']} » manque dans {files.name}/") from error
    return created


DEFAULTS: dict[str, Any] = {
    "help": "",
    "mandatory": True,
    "shown_when": None,
    "frozen_after_transmission": False,
    "options": {},
}


def normal(form: dict[str, Any]) -> dict[str, Any]:
    """A form's description with every default written out, comparable with `describe`."""
    return {
        "track_question": form.get("track_question", ""),
        "perimeter_question": form.get("perimeter_question", ""),
        "sections": [
            {
                "title": section["title"],
                "help": section.get("help", ""),
                "questions": [
                    {**DEFAULTS, **question, "template_file": question.get("template_file", {}).get("code")}
                    for question in section["questions"]
                ],
            }
            for section in form["sections"]
        ],
    }


def describe(revision: FormRevision) -> dict[str, Any]:
    """A stored form in the words of the YAML file."""
    sections = revision.sections.order_by("position").prefetch_related("questions__template_file")
    return {
        "track_question": revision.track_question,
        "perimeter_question": revision.perimeter_question,
        "sections": [
            {
                "title": section.title,
                "help": section.help,
                "questions": [
                    {
                        "code": question.code,
                        "kind": question.kind,
                        "label": question.label,
                        "short_label": question.short_label,
                        "template_file": question.template_file.code if question.template_file else None,
                        **{name: getattr(question, name) for name in DEFAULTS},
                    }
                    for question in sorted(section.questions.all(), key=lambda each: each.position)
                ],
            }
            for section in sections
        ],
    }


def load_milestones(path: Path) -> None:
    """Create or update the milestones of the home page's other column."""
    for data in yaml.safe_load(path.read_text(encoding="utf-8")):
        Milestone.objects.get_or_create(text=data["text"], defaults={"on": data["date"]})
