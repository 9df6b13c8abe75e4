"""Forms in the words of `fixtures/guichets/`, every default written out: what checks, comparisons and copies read."""

from __future__ import annotations

from typing import Any

from dossiers.models import FormRevision, Question

Form = dict[str, Any]

#: What a form says beside its sections.
FORM_DEFAULTS: dict[str, Any] = {
    "track_question": "",
    "perimeter_question": "",
    "minutes": None,
    "to_prepare": "",
    "axes": [],
}
QUESTION_DEFAULTS: dict[str, Any] = {
    "help": "",
    "mandatory": True,
    "shown_when": None,
    "frozen_after_transmission": False,
    "help_anchor": "",
    "options": {},
}


def normal(form: Form) -> Form:
    """A form's description with every default written out, comparable with `describe`."""
    return {
        **{name: form.get(name, default) for name, default in FORM_DEFAULTS.items()},
        "to_prepare": form.get("to_prepare", "").strip(),
        "sections": [
            {
                "title": section["title"],
                "help": section.get("help", ""),
                "questions": [
                    {
                        **QUESTION_DEFAULTS,
                        **question,
                        "template_file": (question.get("template_file") or {}).get("code"),
                    }
                    for question in section["questions"]
                ],
            }
            for section in form["sections"]
        ],
    }


def describe(revision: FormRevision) -> Form:
    """A stored form, normal: 3 queries."""
    sections = revision.sections.order_by("position").prefetch_related("questions__template_file")
    return {
        **{name: getattr(revision, name) for name in FORM_DEFAULTS},
        "sections": [
            {
                "title": section.title,
                "help": section.help,
                "questions": [
                    describe_question(question)
                    for question in sorted(section.questions.all(), key=lambda each: each.position)
                ],
            }
            for section in sections
        ],
    }


def describe_question(question: Question) -> dict[str, Any]:
    """A stored question, normal. Its blank model is named by its code."""
    return {
        "code": question.code,
        "kind": question.kind,
        "label": question.label,
        "short_label": question.short_label,
        "template_file": question.template_file.code if question.template_file else None,
        **{name: getattr(question, name) for name in QUESTION_DEFAULTS},
    }


def questions(form: Form) -> dict[str, dict[str, Any]]:
    """The questions of a normal description, by code, in order."""
    return {question["code"]: question for section in form["sections"] for question in section["questions"]}
