"""The eight points of vigilance (product.md, I6): each one function, with its source. None of them ever blocks.

A function is given a `Case`, what was transmitted and what the portal and the register know beside it, and returns the
explanation that a verifier reads, or None. Written once for all readers, it names nothing of other dossiers: these
stand beside it, for those who may read them. « Q&A » is the list of questions and answers of the POC.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dossiers import de_minimis as ceiling
from dossiers.de_minimis import plain
from dossiers.enums import FlagKind
from dossiers.models import Question, Transmission
from ecare import french
from establishments.activity import Activity
from establishments.enums import EstablishmentType
from funding.schedule.estimates import Estimate

#: The guichets of the domains 1 and 2 of CaRE, that the Q&A names (1.1, 2.4).
CARE_DOMAINS = ("care-d1", "care-d1-bis", "care-d2")
#: How many names an explanation lists.
LISTED = 5
#: How a référent writes that there was none: the help of the question says « Écrivez « aucun » ».
NONE_WORDS = frozenset({"aucun", "aucune", "aucuns", "neant", "non", "rien", "0", "so", "sans", "ras", "na"})
#: The questions that a form asks under these codes (guichets.md).
APPLICANT_TYPE, HOSPITAL, CARE_FUNDING = "applicant_type", "hospital", "care_funding"
REFERENCE_REGIONS = "reference_regions"


@dataclass(frozen=True)
class Other:
    """Another dossier that this one meets: its reference, its EJ, and the EG that both name."""

    reference: str
    entity: str
    sites: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Case:
    """What the functions read. Nothing here is read from the database by them."""

    transmission: Transmission
    audience: Sequence[str]
    questions: Sequence[Question]
    #: Files transmitted, by question.
    files: Mapping[str, int]
    own: str
    names: Mapping[str, str]
    sites: Sequence[dict[str, Any]]
    activities: Mapping[str, Activity]
    essms_now: Mapping[str, bool]
    same_sites: Sequence[Other] = ()
    same_account: Sequence[Other] = ()
    #: Short titles of the CaRE guichets where a dossier of the EJ was validated.
    care_validated: Collection[str] = ()

    @property
    def is_for_essms(self) -> bool:
        return EstablishmentType.ESSMS in self.audience

    @property
    def entities(self) -> list[str]:
        """The EJ of the perimeter, the dossier's own first."""
        return list(dict.fromkeys([self.own, *(site["legal_entity"] for site in self.sites)]))

    def value(self, code: str) -> Any:
        return self.transmission.answers.get(code)

    def name(self, number: str) -> str:
        return f"{self.names[number]} ({number})" if self.names.get(number) else number


@dataclass(frozen=True)
class Finding:
    text: str
    others: list[str] = field(default_factory=list)


def sanitary(case: Case) -> Finding | None:
    """Q&A 1.1: « les candidatures d'ESSMS rattachés à une entité juridique à dominante sanitaire ou à un GHT feront
    l'objet d'une vigilance renforcée ». Read in the register, or declared by the candidate."""
    if not case.is_for_essms:
        return None
    said = []
    for number in case.entities:
        activity = case.activities.get(number, Activity())
        if activity.groups:
            said.append(f"{case.name(number)} est membre du GHT {', '.join(activity.groups)}.")
        if activity.is_mainly_sanitary:
            hospitals = french.count(
                activity.sanitary, "établissement de santé ouvert", "établissements de santé ouverts"
            )
            said.append(f"{case.name(number)} compte {hospitals} pour {activity.essms} ESSMS.")
    if (case.value(APPLICANT_TYPE) or {}).get("choice") == HOSPITAL:
        said.append("Le candidat se déclare rattaché à un GHT ou à une entité juridique sanitaire.")
    if not said:
        return None
    said.append(
        "Vérifiez que la candidature porte sur le seul périmètre médico-social et qu'elle n'est pas déjà financée."
    )
    return Finding(" ".join(said))


def shared_site(case: Case) -> Finding | None:
    """Q&A 1.3 and 1.4: one application an EJ or grouping, and no double funding of an EG. Dossiers of the same guichet
    count, the rejected ones excepted."""
    if not case.same_sites:
        return None
    numbers = {number for other in case.same_sites for number in other.sites}
    names = [f"{site['name']} ({site['finess']})" for site in case.sites if site["finess"] in numbers]
    noun = french.count(len(names), "entité géographique figure", "entités géographiques figurent")
    dossiers = french.count(len(case.same_sites), "autre dossier", "autres dossiers")
    return Finding(
        f"{noun} aussi dans {dossiers} de ce guichet\u00a0: {listed(names)}. Une entité n'est financée qu'une fois.",
        [other.reference for other in case.same_sites],
    )


def care_funding(case: Case) -> Finding | None:
    """Q&A 1.1 and 2.4: no double funding by the domains 1 and 2 of CaRE. Declared by the candidate, or known here."""
    if not case.is_for_essms:
        return None
    said = []
    declared = str(case.value(CARE_FUNDING) or "").strip()
    if declared and not is_none(declared):
        said.append(f"Le candidat déclare\u00a0: {french.quoted(shortened(declared))}.")
    if case.care_validated:
        said.append(f"L'entité juridique a un dossier validé sur {listed(sorted(case.care_validated))}.")
    if not said:
        return None
    return Finding(" ".join([*said, "Vérifiez que les mêmes travaux ne sont pas financés deux fois."]))


def de_minimis(case: Case) -> Finding | None:
    """Q&A 3.4, as `dossiers.de_minimis` reads it on the day of the transmission."""
    estimate = Estimate.from_json(case.transmission.estimate) if case.transmission.estimate else None
    position = ceiling.position(
        [row for each in case.questions if each.kind == ceiling.KIND for row in ceiling.rows_of(case.value(each.code))],
        subsidy=estimate.total if estimate else Decimal(0),
        on=case.transmission.at.astimezone(french.PARIS).date(),
    )
    if not position.counted or not position.excess:
        return None
    return Finding(
        f"Depuis le {french.day(position.since)}, le candidat déclare {french.euros(position.received)} d'aides de "
        f"minimis. Avec la subvention estimée ({french.euros(position.subsidy)}), le total atteint "
        f"{french.euros(position.total)}\u00a0: le plafond est de {french.euros(position.ceiling)} sur trois années "
        "glissantes."
    )


def not_essms(case: Case) -> Finding | None:
    """Q&A 2.1: open to the ESSMS of article L.312-1 CASF; « toute structure strictement sanitaire est exclue ». Read as
    transmitted, and as the register has it today."""
    if not case.is_for_essms:
        return None
    outside = [site for site in case.sites if not site["essms"] or case.essms_now.get(site["finess"]) is False]
    if not outside:
        return None
    names = [
        f"{site['name']} ({site['finess']}{', ' + site['category'] if site['category'] else ''})" for site in outside
    ]
    noun = french.count(len(outside), "entité candidate n'est pas un ESSMS", "entités candidates ne sont pas des ESSMS")
    return Finding(
        f"{noun} au sens de l'article L.312-1 du CASF\u00a0: {listed(names)}. "
        "Elles ne comptent pas dans le calcul de la subvention."
        if len(outside) > 1
        else f"{noun} au sens de l'article L.312-1 du CASF\u00a0: {listed(names)}. "
        "Elle ne compte pas dans le calcul de la subvention."
    )


def diagnoses(case: Case) -> Finding | None:
    """Q&A 2.3: one OPSSIMS diagnosis for each EJ of the perimeter. Files are counted; one archive or one document of a
    « direction commune » (Q&A 1.5) may hold several: the text says so."""
    expected = len({site["legal_entity"] for site in case.sites})
    short = [
        (question, case.files.get(question.code, 0))
        for question in case.questions
        if (question.options.get("expected") or {}).get("fact") == "legal_entities"
        and case.files.get(question.code, 0) < expected
    ]
    if expected < 2 or not short:
        return None
    question, given = short[0]
    files = french.count(given, "fichier", "fichiers")
    return Finding(
        f"Le périmètre réunit {expected} entités juridiques et l'espace {french.quoted(question.short_label)} contient "
        f"{files}. Un diagnostic est attendu par entité juridique\u00a0; une archive, ou le document d'une direction "
        "commune qui liste ses structures, peut en réunir plusieurs."
    )


def shared_account(case: Case) -> Finding | None:
    """Ours, from product.md I6: the subsidy is paid to an EJ, and an account belongs to one. Rejected dossiers count:
    an error repeated is what is looked for. Who they are is said to those who may read their dossiers (D16)."""
    if not case.same_account:
        return None
    entities = {other.entity for other in case.same_account}
    whose = "d'une autre entité juridique" if len(entities) == 1 else f"de {len(entities)} autres entités juridiques"
    return Finding(
        f"Ce compte bancaire est aussi celui {whose}. Vérifiez le titulaire sur les RIB.",
        [other.reference for other in case.same_account],
    )


def regions(case: Case) -> Finding | None:
    """Q&A 1.4: an application over several régions is accompanied by « la ou les régions référentes identifiées par le
    candidat ». None was named, or none of those named holds one of its EG."""
    covered = {site["region"] for site in case.sites if site["region"]}
    if not case.is_for_essms or len(covered) < 2:
        return None
    chosen = set(case.value(REFERENCE_REGIONS) or [])
    if chosen & covered:
        return None
    if not chosen:
        return Finding(
            f"Les entités candidates couvrent {len(covered)} régions et aucune région référente n'est indiquée."
        )
    return Finding(
        f"Les entités candidates couvrent {len(covered)} régions, mais aucune des régions référentes choisies n'en "
        "fait partie."
    )


FLAGS: dict[FlagKind, Callable[[Case], Finding | None]] = {
    FlagKind.SANITARY: sanitary,
    FlagKind.SHARED_SITE: shared_site,
    FlagKind.CARE_FUNDING: care_funding,
    FlagKind.DE_MINIMIS: de_minimis,
    FlagKind.NOT_ESSMS: not_essms,
    FlagKind.DIAGNOSES: diagnoses,
    FlagKind.SHARED_ACCOUNT: shared_account,
    FlagKind.REGIONS: regions,
}


def findings(case: Case) -> dict[FlagKind, Finding]:
    """What deserves a second look in a dossier."""
    found = {kind: find(case) for kind, find in FLAGS.items()}
    return {kind: finding for kind, finding in found.items() if finding is not None}


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more."""
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" et {french.count(more, 'autre', 'autres')}" if more > 0 else "")


def shortened(text: str, most: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def is_none(text: str) -> bool:
    """Whether a text says « aucun », alone or with a few words (« Aucun financement perçu. »)."""
    words = plain(text).split()
    return not words or (words[0] in NONE_WORDS and len(words) <= 6)
