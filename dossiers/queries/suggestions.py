"""What was chosen before there was a dossier: in the simulator, for one (P2)."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Representation
from dossiers.models import Stage
from dossiers.queries.forms import newest_revision, track_question
from establishments import queries as establishments
from establishments.models import LegalEntity


@dataclass(frozen=True)
class Suggestion:
    """The choices that an address carries to the page which creates a dossier. What means nothing there is left out."""

    track: str = ""
    #: The label of the parcours in the form that offers it.
    label: str = ""
    stage: Stage | None = None
    legal_entity: LegalEntity | None = None
    representation: Representation | None = None

    def __bool__(self) -> bool:
        return bool(self.label or self.legal_entity)

    @property
    def initial(self) -> dict[str, str]:
        """The fields of the creation that they fill."""
        return {
            name: str(chosen.pk)
            for name, chosen in (("stage", self.stage), ("establishment", self.representation))
            if chosen
        }


def suggestion(pairs: list[tuple[Stage, Representation]], *, track: str, finess: str) -> Suggestion:
    """What a parcours and a FINESS number, blank or not, suggest among the `pairs` that may be created: no query when
    both are blank, else one for the number and two for each étape looked at."""
    entity = establishments.by_finess(finess[:30]) if finess else None
    of_entity = [each for each in pairs if entity and each[1].legal_entity_id == entity.pk]
    chosen = of_entity[0][1] if of_entity else None
    stages = dict.fromkeys(stage for stage, _ in of_entity or pairs) if track else {}
    for stage in stages:
        revision = newest_revision(stage)
        asked = track_question(revision, track) if revision else None
        if asked:
            return Suggestion(track, asked.label_of(track), stage, entity, chosen)
    return Suggestion(legal_entity=entity, representation=chosen)
