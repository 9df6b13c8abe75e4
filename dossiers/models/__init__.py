from dossiers.models.dossiers import (
    Answer,
    Attachment,
    Dossier,
    DossierStage,
    Event,
    ModificationRequest,
    Remark,
    Transmission,
    TransmittedFile,
)
from dossiers.models.guichets import FormRevision, Guichet, Milestone, Question, Section, Stage, TemplateFile

__all__ = [
    "Answer",
    "Attachment",
    "Dossier",
    "DossierStage",
    "Event",
    "FormRevision",
    "Guichet",
    "Milestone",
    "ModificationRequest",
    "Question",
    "Remark",
    "Section",
    "Stage",
    "TemplateFile",
    "Transmission",
    "TransmittedFile",
]
