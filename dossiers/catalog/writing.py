"""Guichets written as YAML, as a person would: one file that reads from top to bottom, and loads back unchanged."""

from __future__ import annotations

from typing import Any

import yaml

from dossiers.catalog.loading import UNDATED, usual_entry
from dossiers.days import closing_day, opening_day
from dossiers.descriptions import FORM_DEFAULTS, QUESTION_DEFAULTS, describe
from dossiers.models import Guichet, Stage, TemplateFile

Data = dict[str, Any]


class Inline(dict[str, Any]):
    """A mapping on one line."""


class InlineList(list[Any]):
    """A list on one line."""


class Dumper(yaml.SafeDumper):
    """Lists stand under their key, texts of several lines as they are."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


#: What PyYAML takes for the end of a line, and does not give back as it was outside of quotes.
ODD_BREAKS = frozenset("\r\x85\u2028\u2029")


def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = '"' if ODD_BREAKS & set(value) else "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


Dumper.add_representer(str, text)
Dumper.add_representer(
    Inline, lambda dumper, value: dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True)
)
Dumper.add_representer(
    InlineList, lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)
)


def export(guichet: Guichet) -> str:
    """The whole guichet in the format of `fixtures/guichets/`: its étapes and the form of each, the published one, or
    the draft while none is."""
    return yaml.dump(
        guichet_data(guichet),
        Dumper=Dumper,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False,
        width=float("inf"),
    )


def guichet_data(guichet: Guichet) -> Data:
    files = {each.code: each for each in TemplateFile.objects.all()}
    return present(
        code=guichet.code,
        title=guichet.title,
        short_title=guichet.short_title,
        audience=InlineList(guichet.audience),
        regional_role=str(guichet.regional_role),
        support_email=guichet.support_email,
        links=[present(label=link.get("label"), url=link.get("url")) for link in guichet.links],
        presentation=paragraph(guichet.presentation),
        stages=[
            stage_data(stage, number, files)
            for number, stage in enumerate(guichet.stages.order_by("position"), start=1)
        ],
    )


def stage_data(stage: Stage, number: int, files: dict[str, TemplateFile]) -> Data:
    revision = stage.revisions.order_by("published_at", "number").exclude(published_at=None).last()
    revision = revision or stage.revisions.first()
    return present(
        code=stage.code,
        kind=str(stage.kind),
        title=stage.title,
        entry=str(stage.entry) if stage.entry != usual_entry(number) else None,
        regional_role=str(stage.regional_role),
        opens=opening_day(stage.opens_at),
        closes=closing_day(stage.closes_at),
        undated_text=stage.undated_text if stage.undated_text != UNDATED else None,
        opening_text=stage.opening_text,
        closing_text=stage.closing_text,
        form=form_words(describe(revision), files) if revision else None,
    )


def form_words(form: Data, files: dict[str, TemplateFile]) -> Data:
    """A normal description without what goes without saying."""
    return {
        **present(**{name: form[name] for name in FORM_DEFAULTS if name not in ("to_prepare", "axes")}),
        **present(to_prepare=paragraph(form["to_prepare"]), axes=rows(form["axes"])),
        "sections": [
            {
                **present(title=section["title"], help=section["help"]),
                "questions": [question_data(question, files) for question in section["questions"]],
            }
            for section in form["sections"]
        ],
    }


def question_data(question: Data, files: dict[str, TemplateFile]) -> Data:
    changed = {name: value for name, value in question.items() if QUESTION_DEFAULTS.get(name) != value}
    file = files.get(question["template_file"])
    return {
        "code": question["code"],
        "kind": question["kind"],
        **({"mandatory": False} if not question["mandatory"] else {}),
        "label": question["label"],
        "short_label": question["short_label"],
        **present(
            help=question["help"],
            help_anchor=question["help_anchor"],
            shown_when=inline(changed.get("shown_when")),
            frozen_after_transmission=changed.get("frozen_after_transmission"),
            options={name: rows(value) for name, value in question["options"].items()},
            template_file=Inline(code=file.code, title=file.title, file=(file.file.name or "").rpartition("/")[2])
            if file
            else None,
        ),
    }


def rows(value: Any) -> Any:
    """The value of an option: a list is one line a row, anything else stands on one line."""
    return [inline(each) for each in value] if isinstance(value, list) else inline(value)


#: The database keeps no order between the properties of an option: what names a thing comes first.
FIRST = ("question", "fact", "code", "value", "label", "url", "kind", "points")


def rank(name: str) -> tuple[int, str]:
    return (FIRST.index(name) if name in FIRST else len(FIRST), name)


def inline(value: Any) -> Any:
    if isinstance(value, dict):
        return Inline({name: inline(value[name]) for name in sorted(value, key=rank)})
    return InlineList(inline(each) for each in value) if isinstance(value, list) else value


def paragraph(value: str) -> str:
    """A text that loading strips: its last line ends as the others."""
    return f"{value}\n" if "\n" in value else value


def present(**fields: Any) -> Data:
    """What is worth writing; a mention that was blanked is not the one by default."""
    blanks: tuple[Any, ...] = (None, [], {})
    return {
        name: value for name, value in fields.items() if value not in blanks and (value != "" or name == "undated_text")
    }
