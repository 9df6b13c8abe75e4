"""What the FINESS register says today that a transmitted dossier does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dossiers.kinds.perimeter import Perimeter
from dossiers.models import Transmission
from dossiers.queries.transmitted import TransmittedEntry
from ecare import french
from establishments import register
from establishments.models import GeographicEntity, LegalEntity


@dataclass(frozen=True)
class RegisterNews:
    """One difference, in French: which entity, as it was transmitted, and what the register says of it now."""

    subject: str
    text: str


def register_news(transmission: Transmission, entries: Iterable[TransmittedEntry]) -> list[RegisterNews]:
    """What changed in FINESS for the EJ and the perimeter of a transmission: closed, moved, renamed (E1).

    At most 2 queries, whatever the perimeter: one for its EG, one for the EJ that were added to the dossier's own and
    for that one if it has closed.
    Empty when the register still says what was transmitted, an EG that closed and reopened included; an entity that
    was closed already when it was transmitted is not told again.
    """
    own = transmission.dossier_stage.dossier.legal_entity
    values = [entry.value for entry in entries if isinstance(entry.kind, Perimeter) and entry.value is not None]
    sites = {site["finess"]: site for value in values for site in value["sites"]}
    names = {number: name for value in values for number, name in value.get("entities", {}).items()}
    names[own.finess] = transmission.applicant["name"] or names.get(own.finess, "")
    to_read = names.keys() - ({own.finess} if own.is_active else set())
    entities = register.entities_now(to_read) if to_read else []
    news: list[RegisterNews] = []
    for entity in [own, *entities] if own.is_active else sorted(entities, key=lambda entity: entity != own):
        news.extend(_of_entity(entity, names[entity.finess], transmission.at))
    for site in register.sites_now(sites) if sites else []:
        news.extend(_of_site(site, sites[site.finess], transmission.at))
    return news


def _of_entity(entity: LegalEntity, name: str, since: datetime) -> Iterator[RegisterNews]:
    subject = f"Entité juridique {name or entity.display_name} ({entity.finess})"
    if name and name != entity.display_name:
        yield RegisterNews(subject, f"s'appelle désormais {french.quoted(entity.display_name)}.")
    if _closed_since(entity, since):
        yield RegisterNews(subject, _closed(entity))


def _of_site(site: GeographicEntity, told: dict[str, Any], since: datetime) -> Iterator[RegisterNews]:
    subject = f"{told['name']} ({site.finess})"
    if told["legal_entity"] != site.legal_entity.finess:
        day = getattr(site, "moved_on", None)
        seen = f" (extraction du {french.day(day)})" if day else ""
        yield RegisterNews(
            subject,
            f"est désormais rattachée à {site.legal_entity.label}, et non plus à l'entité juridique "
            f"{told['legal_entity']}{seen}.",
        )
    if told["name"] != site.display_name:
        yield RegisterNews(subject, f"s'appelle désormais {french.quoted(site.display_name)}.")
    if _closed_since(site, since):
        yield RegisterNews(subject, _closed(site))


def _closed_since(entity: LegalEntity | GeographicEntity, since: datetime) -> bool:
    """A closing may take effect on an earlier day: what counts is when the import told of it."""
    told_at = getattr(entity, "closing_told_at", None)
    return not entity.is_active and told_at is not None and told_at > since


def _closed(entity: LegalEntity | GeographicEntity) -> str:
    return f"est fermée depuis le {french.day(entity.closed_on)}." if entity.closed_on else "est fermée."
