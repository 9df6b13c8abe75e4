"""Every write of FINESS data: an import of extracts, and the reference data that comes with the project."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from ecare import french
from establishments import finess
from establishments.enums import ImportStatus
from establishments.importing import (
    bounds,
    dating,
    deriving,
    flat,
    loading,
    merging,
    nomenclature,
    pair,
    plus,
    reading,
    rows,
    staging,
    statements,
)
from establishments.importing.merging import Counts, Scope
from establishments.importing.reading import Extract, Format, Progress
from establishments.models import Departement, ImportRun

# Enough to understand what is wrong with a file; all of them are counted.
MOST_REJECTIONS_KEPT = 1000
LONGEST_REASON = 300
# When most of its rows are malformed, the file is not what it claims.
MOST_REJECTED = 0.5
_LOCK = 0x46494E455353  # « FINESS »


class Refused(Exception):
    """The import stopped before anything was written; the message says why, in French. `run` is its record."""

    run: ImportRun


@dataclass
class _Reading:
    """What is learnt while the files are read."""

    departements: frozenset[str]
    progress: Progress
    stage: staging.Stage = field(default_factory=staging.Stage)
    rejections: list[dict[str, str]] = field(default_factory=list)
    rejected: int = 0
    spared: set[str] = field(default_factory=set)
    groups: list[Any] = field(default_factory=list)

    def reject_in(self, extract: Extract) -> pair.Reject:
        def reject(place: str, reason: str, number: str) -> None:
            self.rejected += 1
            if finess.is_valid(number):
                self.spared.add(number)
            if len(self.rejections) < MOST_REJECTIONS_KEPT:
                # A reason quotes the row, which may hold what PostgreSQL refuses.
                kept = {"place": place, "number": number[:20], "reason": reason[:LONGEST_REASON]}
                clean = {name: text.replace("\0", "") for name, text in kept.items()}
                self.rejections.append({"file": extract.path.name, **clean})

        return reject


def import_extracts(
    paths: Sequence[Path],
    *,
    accept_closures: bool = False,
    dry_run: bool = False,
    progress: Callable[[list[Extract]], Progress] = lambda _extracts: Progress(),
) -> ImportRun:
    """Read FINESS extracts, write what changed and its history, work out again what the picker reads; return the report
    (E1).

    One transaction: all or nothing. Idempotent. Malformed rows are set aside and reported. `accept_closures`: even
    if more than a tenth of what is open would close. `dry_run`: all of it, then taken back; the report is not kept.
    Raises Refused, with its record kept.
    """
    started = timezone.now()
    names: list[dict[str, Any]] = [{"name": path.name} for path in paths]
    try:
        extracts = _recognise(paths)
        names = [extract.as_json() for extract in extracts]
        with transaction.atomic():
            _alone()
            with staging.settings_for_whole_tables():
                run = _unchanged(extracts, started) or _import(extracts, accept_closures, progress(extracts), started)
            if dry_run:
                transaction.set_rollback(True)
                run.pk = None
            return run
    except (bounds.Unrecognised, merging.TooManyClosures, Refused) as reason:
        refused = Refused(str(reason))
        refused.run = _record(ImportStatus.REFUSED, names, started, str(reason), kept=not dry_run)
        raise refused from reason
    except BaseException as error:
        message = f"{type(error).__name__}\u00a0: {error}"[:2000]
        _record(ImportStatus.FAILED, names, started, message, kept=not dry_run)
        raise


def _record(
    status: ImportStatus, files: list[dict[str, Any]], started: datetime, message: str, *, kept: bool
) -> ImportRun:
    """The record of an import that wrote nothing."""
    run = ImportRun(started_at=started, finished_at=timezone.now(), status=status, files=files, message=message)
    if kept:
        run.save()
    return run


def load_reference(folder: Path, samples: Sequence[Sequence[Path]] = ()) -> list[ImportRun]:
    """Régions, départements, nomenclatures from `folder`, then each group of sample extracts not imported yet (E2).

    Idempotent. Returns the records of the imports made.
    """
    with transaction.atomic():
        _alone()
        nomenclature.load(folder)
        if not deriving.are_spelt():
            deriving.search_columns()
        deriving.all_of_it()
        deriving.settle()
    return [import_extracts(paths) for paths in samples if not _imported(paths)]


def _imported(paths: Sequence[Path]) -> bool:
    """Whether these very files were imported one day, whatever came after."""
    files = [{"sha256": reading.recognise(path).sha256, "rules": reading.RULES} for path in paths]
    return ImportRun.objects.filter(status=ImportStatus.DONE, files__contains=files).exists()


@transaction.atomic
def spell_names(*, again: bool = False) -> int:
    """Spell the search columns by the present rules, if they are spelt by others, or `again` in any case.

    Part of every deployment. Returns how many EJ and EG changed. Raises Refused during an import, which spells first.
    """
    if deriving.are_spelt() and not again:
        return 0
    _alone()
    with staging.settings_for_whole_tables():
        changed = deriving.search_columns()
        deriving.all_of_it()
        deriving.settle()
    return changed


def _recognise(paths: Sequence[Path]) -> list[Extract]:
    """The files, entities before sites. Raises Refused when two of them describe the same things."""
    extracts = [reading.recognise(path) for path in paths]
    for noun, gives in (
        ("entités juridiques", [extract for extract in extracts if extract.format.gives_entities]),
        ("entités géographiques", [extract for extract in extracts if extract.format.gives_sites]),
    ):
        if len(gives) > 1:
            listed = ", ".join(extract.path.name for extract in gives)
            raise Refused(f"Plusieurs fichiers décrivent les {noun}\u00a0: {listed}. Importez-les l'un après l'autre.")
    return sorted(extracts, key=lambda extract: not extract.format.gives_entities)


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise Refused("Un autre import FINESS est en cours. Attendez qu'il se termine.")


def _import(extracts: list[Extract], accept_closures: bool, progress: Progress, started: datetime) -> ImportRun:
    departements = frozenset(Departement.objects.values_list("code", flat=True))
    if not departements:
        raise Refused(
            "Les régions et les départements ne sont pas chargés. Lancez d'abord «\u00a0load_reference\u00a0»."
        )
    read = _Reading(departements, progress)
    extracts = [_read(extract, read) for extract in extracts]
    for extract in extracts:
        _refuse_a_day_to_come(extract)
    read.stage.finish()
    total = read.stage.entities + read.stage.sites + read.rejected
    if read.rejected > total * MOST_REJECTED:
        first = read.rejections[0]
        raise Refused(
            f"{read.rejected} des {total} lignes sont mal formées (par exemple {first['place']}\u00a0: "
            f"{first['reason']}). Ce ne sont pas les fichiers attendus. Rien n'a été écrit."
        )
    if not read.stage.entities + read.stage.sites:
        raise Refused("Ces fichiers ne contiennent aucune entité. Rien n'a été écrit.")

    key = merging.next_run()
    scopes = {extract: Scope(extract.extracted_on, extract.format.is_full, key, read.spared) for extract in extracts}
    of_entities = next((scope for extract, scope in scopes.items() if extract.format.gives_entities), None)
    of_sites = next((scope for extract, scope in scopes.items() if extract.format.gives_sites), None)
    if of_entities:
        dating.confirm_last_full(statements.ENTITIES, of_entities, lambda format_: format_.gives_entities)
    if of_sites:
        dating.confirm_last_full(statements.SITES, of_sites, lambda format_: format_.gives_sites)
    if not accept_closures:
        merging.refuse_too_many_closures(of_entities, of_sites)
    respelt = not deriving.are_spelt() and bool(deriving.search_columns())
    merging.add_unknown_codes(statuses=read.stage.statuses, categories=read.stage.categories)
    with loading.of(read.stage.entities + read.stage.sites):
        entities = merging.entities(of_entities) if of_entities else Counts()
        entities.created += merging.entities_of_sites()
        sites = merging.sites(of_sites) if of_sites else Counts()
        groups = merging.groups(read.groups)
        changed = entities.changed or sites.changed or groups.changed
        if changed and not all(scope.is_full for scope in scopes.values()):
            deriving.search_columns()  # a selection may say one of two names
        if changed or respelt:
            deriving.all_of_it()
    if changed or respelt:
        deriving.settle()
    parts = {"entities": entities, "sites": sites, "groups": groups}
    return ImportRun.objects.create(
        pk=key,
        started_at=started,
        finished_at=timezone.now(),
        status=ImportStatus.DONE,
        files=[extract.as_json() for extract in extracts],
        read=total,
        created=sum(part.created for part in parts.values()),
        updated=sum(part.updated for part in parts.values()),
        closed=sum(part.closed for part in parts.values()),
        rejected=read.rejected,
        counts={name: vars(part) for name, part in parts.items()},
        rejections=read.rejections,
        fingerprint=merging.fingerprint(),
    )


def _refuse_a_day_to_come(extract: Extract) -> None:
    """Raises Refused for a file dated after tomorrow (FINESS dates in UTC): nothing that comes before that day would
    change what it says."""
    if extract.extracted_on is not None and extract.extracted_on > timezone.localdate() + timedelta(days=1):
        raise Refused(
            f"{extract.path.name}\u00a0: ce fichier se dit du {french.day(extract.extracted_on)}, un jour qui "
            "n'est pas encore venu. Vérifiez sa date et l'heure du serveur. Rien n'a été écrit."
        )


def _unchanged(extracts: list[Extract], started: datetime) -> ImportRun | None:
    """The same files as the last import, and nothing has moved since: there is nothing to read again."""
    last = ImportRun.objects.filter(status=ImportStatus.DONE).order_by("-pk").first()
    if last is None or not last.fingerprint or _identity(last.files) != _identity([e.as_json() for e in extracts]):
        return None
    if last.fingerprint != merging.fingerprint():
        return None
    return ImportRun.objects.create(
        started_at=started,
        finished_at=timezone.now(),
        status=ImportStatus.DONE,
        files=last.files,
        read=last.read,
        rejected=last.rejected,
        rejections=last.rejections,
        counts={name: vars(Counts()) for name in last.counts},
        message=f"Mêmes fichiers que l'import n° {last.pk}, et rien n'a bougé depuis.",
        fingerprint=last.fingerprint,
    )


def _identity(files: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    """The day of a flat file is in its name: the same contents on another day are another description."""
    return sorted(
        (file["sha256"], file["rules"], "" if Format(file["format"]).is_full else file["extracted_on"] or "")
        for file in files
    )


def _read(extract: Extract, read: _Reading) -> Extract:
    """Stage the rows of one file. A FINESS+ file tells its day only once it is open."""
    reject, stage = read.reject_in(extract), read.stage
    if extract.format is Format.PLUS:
        header = plus.header(extract, reject)
        read.groups = header.groups
        plus.read(extract, read.departements, reject, read.progress, stage)
        return replace(extract, extracted_on=header.generated_on)
    if extract.format.gives_entities:
        entities = pair.entities if extract.format is Format.ENTITIES else flat.entities
        for place, entity, label in entities(extract, read.departements, reject, read.progress):
            if not stage.entity(entity, label):
                reject(place, rows.TWICE, "")
    else:
        sites = pair.sites if extract.format is Format.SITES else flat.sites
        for place, site, label in sites(extract, read.departements, reject, read.progress):
            if not stage.site(site, label):
                reject(place, rows.TWICE, "")
    return extract
