from dossiers.models.assignment import Absence, AssignmentRule
from dossiers.models.batches import Batch, BatchItem
from dossiers.models.decisions import DecisionDraft, TemplateText
from dossiers.models.dossiers import (
    Answer,
    Attachment,
    Dossier,
    DossierStage,
    Event,
    ModificationRequest,
    ParkedInput,
    Remark,
    Transmission,
    TransmittedFile,
)
from dossiers.models.exports import Export
from dossiers.models.guichets import (
    FormRevision,
    Guichet,
    LateAccess,
    Milestone,
    Question,
    Section,
    Stage,
    TemplateFile,
    WindowChange,
)
from dossiers.models.lines import Line, LineCount
from dossiers.models.presences import Presence
from dossiers.models.saved_views import DefaultView, SavedView
from dossiers.models.takeovers import TakeoverRequest
from dossiers.models.tallies import DailyTally, DelayTally, Tallied, Tally
from dossiers.models.vigilance import Appraisal, Flag

__all__ = [
    "Absence",
    "Answer",
    "Appraisal",
    "AssignmentRule",
    "Attachment",
    "Batch",
    "BatchItem",
    "DailyTally",
    "DecisionDraft",
    "DefaultView",
    "DelayTally",
    "Dossier",
    "DossierStage",
    "Event",
    "Export",
    "Flag",
    "FormRevision",
    "Guichet",
    "LateAccess",
    "Line",
    "LineCount",
    "Milestone",
    "ModificationRequest",
    "ParkedInput",
    "Presence",
    "Question",
    "Remark",
    "SavedView",
    "Section",
    "Stage",
    "TakeoverRequest",
    "Tallied",
    "Tally",
    "TemplateFile",
    "TemplateText",
    "Transmission",
    "TransmittedFile",
    "WindowChange",
]
