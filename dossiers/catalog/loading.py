"""Guichets read from YAML.

Loading the shipped files twice changes nothing, and never undoes what an administrator did since: what exists keeps its
texts and its windows, and a form becomes a new published revision only when its file changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.core.files import File
from django.db import transaction

from accounts.models import User
from dossiers import flaws
from dossiers.days import closing, opening
from dossiers.descriptions import describe, normal
from dossiers.enums import StageEntry
from dossiers.models import FormRevision, Guichet, Milestone, Stage, TemplateFile
from dossiers.workflow import publication

#: Ten times faster where libyaml came with PyYAML, and as safe.
SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

UNDATED: str = Stage._meta.get_field("undated_text").default


#: A guichet holds lists within lists a dozen deep; libyaml falls, and the process with it, at some hundred thousand.
DEEPEST = 100
#: The largest guichet shipped holds some four thousand values.
HEAVIEST = 200_000


class InvalidCatalog(Exception):
    """A guichet file that contradicts itself; the text says where, `flaws` one by one."""

    def __init__(self, *found: str) -> None:
        super().__init__(" ; ".join(found))
        self.flaws = list(found)


def read(text: str) -> dict[str, Any]:
    """The guichet that a YAML text describes. Raises InvalidCatalog with everything that is wrong in it."""
    try:
        refuse_depth(text)
        data = yaml.load(text, Loader=SafeLoader)  # noqa: S506
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidCatalog(f"ce n'est pas du YAML : {error}") from error
    if weight(data, {}) > HEAVIEST:
        raise InvalidCatalog("le fichier se répète (« &… », « *… ») au point d'être illisible")
    try:
        found = flaws.of_guichet(data)
        for stage in data["stages"] if not found else []:
            if "form" in stage:
                found += [f"étape « {stage['code']} », {flaw}" for flaw in flaws.of_form(stage["form"])]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # A text where a list is expected, and the like: no list of sentences could name them all.
        raise InvalidCatalog("le fichier n'a pas la forme d'un guichet : comparez-le à un guichet exporté") from error
    if found:
        raise InvalidCatalog(*found)
    return dict(data)


def refuse_depth(text: str) -> None:
    """Raises InvalidCatalog when lists are too deep within one another to be read."""
    depth = 0
    for event in yaml.parse(text, Loader=SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise InvalidCatalog("le fichier imbrique trop de listes les unes dans les autres")


def weight(data: Any, known: dict[int, int]) -> int:
    """How many values there are once what is repeated is written out: ten lines of YAML may stand for billions of
    them, and a list that contains itself for ever more. `known` holds what was weighed already, by identity."""
    if not isinstance(data, dict | list):
        return 1
    if id(data) not in known:
        known[id(data)] = HEAVIEST + 1  # as long as it is being weighed: it then contains itself
        inner = [*data, *data.values()] if isinstance(data, dict) else data
        known[id(data)] = 1 + sum(weight(each, known) for each in inner)
    return known[id(data)]


def load(path: Path) -> Guichet:
    """Create what is missing of the guichet described in a file, whose name begins with its rank; publish its forms
    when the file changed. Raises InvalidCatalog."""
    rank = path.name.partition("-")[0]
    if not rank.isdecimal():
        raise InvalidCatalog("le nom du fichier ne commence pas par le rang du guichet, comme « 1-poc.yaml »")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidCatalog(f"ce n'est pas du YAML : {error}") from error
    return apply(read(text), by=None, position=int(rank), files=path.parent / "modeles")


@transaction.atomic
def apply(data: dict[str, Any], *, by: User | None, position: int | None = None, files: Path | None = None) -> Guichet:
    """Write the guichet that `read` gave. `by` is the administrator who asked for it: what exists then takes the texts
    of the file; nobody (None) when shipped files are loaded. Blank models not yet known are taken from `files`.

    Raises InvalidCatalog, NotAllowed.
    """
    guichet = Guichet.objects.filter(code=data["code"]).first()
    if guichet is None or by is not None:
        guichet = guichet or Guichet(code=data["code"], position=position or publication.last_position() + 1)
        for name, value in guichet_fields(data).items():
            setattr(guichet, name, value)
        publication.save_guichet(guichet, by=by)
    known = {stage.code: stage for stage in guichet.stages.all()}
    for number, stage_data in enumerate(data["stages"], start=1):
        stage = known.get(stage_data["code"])
        if stage is None or by is not None:
            fields = stage_fields(stage_data, number)
            if stage is None:
                stage = Stage(
                    guichet=guichet,
                    position=max((each.position for each in known.values()), default=0) + 1,
                    code=stage_data["code"],
                    opens_at=opening(stage_data.get("opens")),
                    closes_at=closing(stage_data.get("closes")),
                )
            for name, value in fields.items():
                setattr(stage, name, value)
            publication.save_stage(stage, by=by)
            known[stage.code] = stage
        if "form" in stage_data:
            publish(stage, stage_data["form"], files, by=by)
    return guichet


def guichet_fields(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": data["title"],
        "short_title": data["short_title"],
        "presentation": data.get("presentation", "").strip(),
        "audience": data["audience"],
        "links": data.get("links", []),
        "support_email": data.get("support_email", ""),
        "regional_role": data["regional_role"],
    }


def stage_fields(data: dict[str, Any], number: int) -> dict[str, Any]:
    """What a file says of an étape, its window excepted; `number` is its rank in the file."""
    return {
        "kind": data["kind"],
        "entry": data.get("entry", usual_entry(number)),
        "title": data["title"],
        "regional_role": data.get("regional_role", ""),
        "undated_text": data.get("undated_text", UNDATED),
        "opening_text": data.get("opening_text", ""),
        "closing_text": data.get("closing_text", ""),
    }


def usual_entry(number: int) -> str:
    """How the étape of that rank begins when nothing is said."""
    return StageEntry.START if number == 1 else StageEntry.PREVIOUS_VALIDATED


def publish(stage: Stage, form: dict[str, Any], files: Path | None, *, by: User | None = None) -> FormRevision:
    """The published revision that says what `form` says: the newest one if it already does, or if the file is what it
    was when it was last loaded, else a new one. Raises InvalidCatalog."""
    if found := flaws.of_form(form):
        raise InvalidCatalog(*found)
    wanted = normal(form)
    published = stage.revisions.filter(published_at__isnull=False).order_by("-number")
    newest = published.first()
    last_loaded = (
        newest
        if by is not None or newest is None or newest.published_by_id is None
        else (published.filter(published_by__isnull=True).first())
    )
    if newest is not None and last_loaded is not None and describe(last_loaded) == wanted:
        return newest
    for section in form["sections"]:
        for question in section["questions"]:
            if question.get("template_file"):
                template_file(question["template_file"], files)
    return publication.publish_description(stage, wanted, by=by)


def template_file(data: dict[str, str], files: Path | None) -> TemplateFile:
    """The blank model of that code; created from the folder of models when it is new."""
    found = TemplateFile.objects.filter(code=data["code"]).first()
    if found is not None:
        return found
    created = TemplateFile(code=data["code"], title=data["title"])
    if files is None:
        raise InvalidCatalog(
            f"{data['code']} : ajoutez d'abord « {data['title']} » aux modèles de documents, avec ce code"
        )
    try:
        with (files / data["file"]).open("rb") as handle:
            created.file.save(data["file"], File(handle), save=True)
    except FileNotFoundError as error:
        raise InvalidCatalog(f"{data['code']} : le modèle « {data['file']} » manque dans {files.name}/") from error
    return created


def load_milestones(path: Path) -> None:
    """Create or update the milestones of the home page's other column."""
    for data in yaml.safe_load(path.read_text(encoding="utf-8")):
        Milestone.objects.get_or_create(text=data["text"], defaults={"on": data["date"]})
