"""The seven guichets as shipped: their dates, their questions, and every étape filled, transmitted and decided."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from django.utils import timezone

from accounts.models import User
from dossiers import catalog, kinds, queries, workflow
from dossiers.enums import MilestoneColumn, StageEntry, StageKind, Status
from dossiers.models import Guichet, Stage
from establishments.enums import EstablishmentType
from tests.accounts.factories import RepresentationFactory, UserFactory
from tests.dossiers import factories, filler, pages
from tests.establishments.factories import GeographicEntityFactory, LegalEntityFactory

pytestmark = pytest.mark.django_db
FILES = sorted((factories.FIXTURES / "guichets").glob("[0-9]*.yaml"))
PARIS = ZoneInfo("Europe/Paris")


def described() -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES]


def questions_of(stage: dict[str, Any]) -> list[dict[str, Any]]:
    return [question for section in stage["form"]["sections"] for question in section["questions"]]


#: guichets.md and the seeds: (opening, last day) of each étape.
WINDOWS: dict[str, list[tuple[str, str | None, str | None]]] = {
    "poc-essms": [("candidature", "2026-03-31", "2026-06-04"), ("objectifs", None, None)],
    "care-d1": [("candidature", None, None), ("objectifs", None, None), ("controle", None, "2026-06-30")],
    "care-d1-bis": [("candidature", None, None), ("objectifs", "2026-10-29", None)],
    "care-d2": [("candidature", None, None), ("objectifs", None, "2026-11-30")],
    "hospiconnect-hopen2": [("candidature", None, None), ("objectifs", "2026-05-04", "2026-06-26")],
    "hospiconnect-care": [
        ("candidature", None, None),
        ("conventionnement", None, None),
        ("objectifs", "2026-06-15", None),
    ],
    "hospiconnect-maturite": [("autoevaluation", None, None)],
}


def test_every_date_is_the_one_of_the_seeds() -> None:
    for path in FILES:
        guichet = catalog.load(path)
        windows = []
        for stage in guichet.stages.order_by("position"):
            closing = stage.closes_at and stage.closes_at - dt.timedelta(microseconds=1)
            days = (at and at.astimezone(PARIS).date().isoformat() for at in (stage.opens_at, closing))
            windows.append((stage.code, *days))
        assert windows == WINDOWS[guichet.code]


def test_the_home_page_announces_what_the_windows_say() -> None:
    """guichets.md, 3: derived from the windows, nothing typed twice."""
    for path in FILES:
        catalog.load(path)
    announced = queries.milestones(MilestoneColumn.ESTABLISHMENTS, now=dt.datetime(2026, 4, 1, tzinfo=PARIS))
    assert [each.text.replace("\u00a0", " ") for each in announced] == [
        "HospiConnect / HOP'EN 2 : ouverture du guichet d'atteinte des objectifs 2026 le 4 mai 2026",
        "POC AAP ESSMS : fermeture du guichet de candidature le 4 juin 2026",
        "HospiConnect / CaRE : ouverture du guichet d'atteinte des objectifs 2026 le 15 juin 2026",
        "HospiConnect / HOP'EN 2 : fermeture du guichet d'atteinte des objectifs 2026 le 26 juin 2026",
        "CaRE D1 : fin des opérations de contrôle le 30 juin 2026",
        "CaRE D1 bis : ouverture du guichet de dépôt d'atteinte des objectifs le 29 octobre 2026",
        "CaRE D2 : fermeture du guichet de dépôt d'atteinte des objectifs le 30 novembre 2026",
    ]


def test_every_kind_of_question_is_asked_by_a_shipped_form() -> None:
    asked = {question["kind"] for data in described() for stage in data["stages"] for question in questions_of(stage)}
    assert asked == set(kinds.KINDS)


def test_every_form_tells_what_it_takes_and_every_establishment_has_its_guichets() -> None:
    stages = [stage for data in described() for stage in data["stages"]]
    for stage in stages:
        assert stage["form"]["minutes"] > 0
        assert len(stage["form"]["to_prepare"].splitlines()) >= 2
    assert {stage["kind"] for stage in stages} == set(StageKind.values)
    assert {kind for data in described() for kind in data["audience"]} == set(EstablishmentType.values)
    assert [stage["code"] for stage in stages if stage.get("entry") == StageEntry.ON_REQUEST] == ["controle"]


OBJECTIVES = {"1": {"backups", "awareness"}, "2": {"accounts", "remote"}, "3": {"continuity", "exercise"}}


def test_the_poc_asks_for_the_objectives_of_the_track_chosen() -> None:
    stage = open_now(catalog.load(FILES[0])).stages.get(code="objectifs")
    validated = factories.validated()
    following = workflow.start_stage(validated, stage, by=validated.dossier.referent, at=timezone.now())
    for track, objectives in OBJECTIVES.items():
        factories.save(following, track={"value": track}, optional={"value": ["updates"]})
        shown = {entry.code for entry in queries.sheet(factories.fresh(following)).shown}
        assert shown & set().union(*OBJECTIVES.values()) == objectives
        assert "updates_files" in shown
        assert "inventory_files" not in shown


def test_a_hospital_is_not_asked_what_only_counts_for_the_essms() -> None:
    stage = filler.fill(begin(open_now(catalog.load(FILES[6]))))
    for name in ("form", "recap"):
        page = pages.text(pages.owner(stage).get(pages.url(name, stage)))
        assert "755" in page, "the sites are there"
        assert "Ségur" not in page
        assert "hors ESSMS" not in page
    perimeter = queries.sheet(stage).entry("perimeter")
    assert perimeter is not None
    kind = perimeter.kind
    cells = kind.cells(perimeter.question, perimeter.value, [])
    assert len(kind.columns(perimeter.question)) == len(cells) == 2
    assert all("Ségur" not in line.text for line in perimeter.lines)


def test_an_assessment_gives_points_on_every_axis_and_its_best_answers_all_of_them() -> None:
    stage = begin(open_now(catalog.load(FILES[6])))
    lowest = queries.sheet(filler.fill(stage, filler.first)).score
    assert lowest is not None
    assert lowest.total.points == 0
    assert all(axis.possible > 0 for axis in lowest.axes)
    highest = queries.sheet(filler.fill(stage, filler.last)).score
    assert highest is not None
    assert [axis.percent for axis in highest.axes] == [100] * 6
    assert highest.total.missing == 0


@pytest.mark.parametrize("pick", [filler.first, filler.last], ids=["first choices", "last choices"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_stage_is_filled_transmitted_and_validated(path: Any, pick: filler.Pick) -> None:
    guichet = open_now(catalog.load(path))
    dossier_stage, verifier = begin(guichet), UserFactory(verifier=True)
    for stage in guichet.stages.order_by("position"):
        if stage.entry == StageEntry.PREVIOUS_VALIDATED:
            by = dossier_stage.dossier.referent
            dossier_stage = workflow.start_stage(dossier_stage, stage, by=by, at=timezone.now())
        elif stage.entry == StageEntry.ON_REQUEST:
            dossier_stage = workflow.call_stage(dossier_stage, stage, by=verifier, message="Déposez vos pièces.")
        dossier_stage = filler.fill(factories.fresh(dossier_stage), pick)
        sheet = queries.sheet(dossier_stage)
        assert [(entry.code, entry.form.errors) for entry in sheet.missing] == []
        transmission = factories.transmit(dossier_stage).transmissions.get()
        assert set(transmission.answers) >= {entry.code for entry in sheet.shown if entry.kind.has_fields}
        dossier_stage = workflow.validate(factories.fresh(dossier_stage), by=verifier)
        assert dossier_stage.stage == stage
        assert dossier_stage.status == Status.VALIDATED


def open_now(guichet: Guichet) -> Guichet:
    """The guichet with every étape open for a month."""
    now = timezone.now()
    Stage.objects.filter(guichet=guichet).update(
        opens_at=now - dt.timedelta(days=1), closes_at=now + dt.timedelta(days=30)
    )
    return guichet


def begin(guichet: Guichet) -> Any:
    """A dossier of an EJ of the right type, with sites of its own."""
    kind = guichet.audience[0]
    entity = LegalEntityFactory(**{kind: True})
    GeographicEntityFactory.create_batch(2, legal_entity=entity, **{kind: True})
    referent: User = UserFactory()
    RepresentationFactory(user=referent, legal_entity=entity, establishment_type=kind)
    return factories.draft(by=referent, stage=guichet.stages.select_related("guichet").get(entry=StageEntry.START))
