"""Choices of the room. A leaf: imports Django only."""

from django.db import models


class Status(models.TextChoices):
    """Status of a dossier on one étape (product.md, « Statuses of an étape »)."""

    DRAFT = "draft", "Brouillon"
    TRANSMITTED = "transmitted", "Transmis"
    MODIFICATION_REQUESTED = "modification_requested", "Modification demandée"
    VALIDATED = "validated", "Validé"
    REJECTED = "rejected", "Rejeté"


class StageKind(models.TextChoices):
    APPLICATION = "application", "Candidature"
    AGREEMENT = "agreement", "Conventionnement"
    OBJECTIVES = "objectives", "Atteinte des objectifs"
    CONTROL = "control", "Contrôle"
    ASSESSMENT = "assessment", "Autoévaluation"


class StageEntry(models.TextChoices):
    """What makes an étape begin for a dossier, its window being open (product.md, « Statuses of an étape »)."""

    START = "start", "À la création du dossier"
    PREVIOUS_VALIDATED = "previous_validated", "Quand l'étape précédente est validée"
    ON_REQUEST = "on_request", "À la demande de l'instruction, étape précédente validée"


class Scan(models.TextChoices):
    """What the antivirus said of a file (Q28)."""

    PENDING = "pending", "Analyse en attente"
    CLEAN = "clean", "Aucun virus"
    INFECTED = "infected", "Virus détecté"


class TextPurpose(models.TextChoices):
    """Where a text prepared by the team is inserted (I3)."""

    MODIFICATION = "request_modification", "Demande de modification"
    REMARK = "remark", "Remarque sur une réponse"
    VALIDATION = "validate", "Validation"
    REJECTION = "reject", "Rejet"


class ExportFormat(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel (XLSX)"
    ODS = "ods", "LibreOffice (ODS)"


class ExportState(models.TextChoices):
    """Where an export stands (I7)."""

    WAITING = "waiting", "En attente"
    RUNNING = "running", "En cours"
    READY = "ready", "Prêt"
    FAILED = "failed", "Échec"
    CANCELLED = "cancelled", "Annulé"


class BatchAction(models.TextChoices):
    """What may be done to several dossiers at once (I4b, I5)."""

    TAKE = "take", "Prendre en charge"
    ASSIGN = "assign", "Attribuer"
    RELEASE = "release", "Libérer"
    REQUEST_MODIFICATION = "request_modification", "Demander une modification"
    VALIDATE = "validate", "Valider"
    REJECT = "reject", "Rejeter"


class BatchState(models.TextChoices):
    """Where a batch stands: nothing is done before it is confirmed."""

    PREPARED = "prepared", "À confirmer"
    WAITING = "waiting", "En attente"
    RUNNING = "running", "En cours"
    DONE = "done", "Terminé"
    STOPPED = "stopped", "Arrêté"


class BatchResult(models.TextChoices):
    """What became of one dossier of a batch."""

    WAITING = "waiting", "À traiter"
    DONE = "done", "Fait"
    REFUSED = "refused", "Non traité"


class RegionalRole(models.TextChoices):
    """What an instructeur régional may do on a guichet, within his régions."""

    NONE = "none", "Aucun accès"
    READ = "read", "Lecture"
    INSTRUCT = "instruct", "Instruction"


class Takeover(models.TextChoices):
    """Where a request to take a dossier over stands (D13)."""

    PENDING = "pending", "En attente"
    ACCEPTED = "accepted", "Acceptée"
    REFUSED = "refused", "Refusée"
    WITHDRAWN = "withdrawn", "Retirée"
    EXPIRED = "expired", "Périmée"
    SETTLED = "settled", "Close sans suite"


class EventKind(models.TextChoices):
    CREATED = "created", "Dossier créé"
    TRANSMITTED = "transmitted", "Dossier transmis"
    MODIFICATION_REQUESTED = "modification_requested", "Modification demandée"
    VALIDATED = "validated", "Étape validée"
    REJECTED = "rejected", "Étape rejetée"
    REOPENED = "reopened", "Étape rouverte"
    TRANSFERRED = "transferred", "Dossier transféré"
    REASSIGNED = "reassigned", "Référent remplacé"
    REFERENT_GONE = "referent_gone", "Référent sans accès"
    REFERENT_BACK = "referent_back", "Référent de retour"
    TAKEOVER_ASKED = "takeover_asked", "Reprise demandée"
    TAKEOVER_OBJECTED = "takeover_objected", "Opposition à la reprise"
    TAKEOVER_REFUSED = "takeover_refused", "Reprise refusée"
    TAKEOVER_WITHDRAWN = "takeover_withdrawn", "Demande de reprise retirée"
    TAKEOVER_EXPIRED = "takeover_expired", "Demande de reprise périmée"
    FILE_ADDED = "file_added", "Pièce déposée"
    FILE_ARCHIVED = "file_archived", "Pièce archivée"
    FILE_INFECTED = "file_infected", "Virus détecté dans une pièce"
    FORM_CHANGED = "form_changed", "Formulaire mis à jour"
    STAGE_STARTED = "stage_started", "Étape commencée"
    ASSIGNED = "assigned", "Dossier attribué"
    RELEASED = "released", "Dossier rendu"
    NOTED = "noted", "Note interne"
    EXCEPTION_GRANTED = "exception_granted", "Délai exceptionnel accordé"
    EXCEPTION_REVOKED = "exception_revoked", "Délai exceptionnel retiré"
    FLAG_EXAMINED = "flag_examined", "Point de vigilance examiné"
    CONTACT_CORRECTED = "contact_corrected", "Contact corrigé"
    # Of the subsidy: `funding` writes them.
    GRANTED = "granted", "Subvention accordée"
    AGREEMENT_SENT = "agreement_sent", "Convention envoyée"
    AGREEMENT_SIGNED = "agreement_signed", "Convention signée déposée"
    AGREEMENT_ACCEPTED = "agreement_accepted", "Convention contrôlée"
    AGREEMENT_REFUSED = "agreement_refused", "Exemplaire de la convention refusé"
    PAYMENT_PLANNED = "payment_planned", "Versement prévu"
    PAYMENT_CHANGED = "payment_changed", "Versement modifié"
    PAYMENT_ORDERED = "payment_ordered", "Versement ordonnancé"
    PAYMENT_PAID = "payment_paid", "Versement payé"
    PAYMENT_CANCELLED = "payment_cancelled", "Versement annulé"
    OBJECTIVE_ACCEPTED = "objective_accepted", "Objectif accepté"
    OBJECTIVE_REFUSED = "objective_refused", "Objectif refusé"
    CONTROL_OPENED = "control_opened", "Contrôle ouvert"
    CONTROL_ANSWERED = "control_answered", "Pièces du contrôle déposées"
    CONTROL_NOTED = "control_noted", "Entretien de contrôle noté"
    CONTROL_CLOSED = "control_closed", "Contrôle terminé"
    EXPENSES_CHANGED = "expenses_changed", "Trame financière modifiée"
    EXPENSES_IMPORTED = "expenses_imported", "Trame financière importée"
    EXPENSES_CLOSED = "expenses_closed", "Trame financière close"
    SUMS_RECOMPUTED = "sums_recomputed", "Montants recalculés"
    EXPENSES_REOPENED = "expenses_reopened", "Trame financière rouverte"


#: What is decided along an instruction: minds may change, the référent is told with its outcome (F5).
TENTATIVE = frozenset({EventKind.OBJECTIVE_ACCEPTED, EventKind.OBJECTIVE_REFUSED})

#: What is about one étape of the dossier; the rest is about the dossier.
OF_ONE_STAGE = frozenset(
    {
        EventKind.TRANSMITTED,
        EventKind.MODIFICATION_REQUESTED,
        EventKind.VALIDATED,
        EventKind.REJECTED,
        EventKind.REOPENED,
        EventKind.STAGE_STARTED,
        EventKind.FILE_ADDED,
        EventKind.FILE_ARCHIVED,
        EventKind.FILE_INFECTED,
        EventKind.FORM_CHANGED,
        EventKind.EXCEPTION_GRANTED,
        EventKind.EXCEPTION_REVOKED,
        EventKind.FLAG_EXAMINED,
        EventKind.CONTACT_CORRECTED,
    }
)

#: What instruction keeps to itself: the référent's history does not tell who reads the dossier (D14).
INTERNAL = frozenset(
    {
        EventKind.ASSIGNED,
        EventKind.RELEASED,
        EventKind.NOTED,
        EventKind.FLAG_EXAMINED,
        EventKind.CONTROL_NOTED,
    }
)


class FlagKind(models.TextChoices):
    """What deserves a second look (I6). Each is one function of `dossiers.vigilance`."""

    SANITARY = "sanitary", "Entité juridique à dominante sanitaire ou membre d'un GHT"
    SHARED_SITE = "shared_site", "Entité géographique présente dans un autre dossier"
    CARE_FUNDING = "care_funding", "Financement CaRE D1 ou D2"
    DE_MINIMIS = "de_minimis", "Plafond des aides de minimis"
    NOT_ESSMS = "not_essms", "Entité géographique hors ESSMS"
    DIAGNOSES = "diagnoses", "Diagnostics OPSSIMS moins nombreux que les entités juridiques"
    SHARED_ACCOUNT = "shared_account", "IBAN utilisé par une autre entité juridique"
    REGIONS = "regions", "Plusieurs régions sans région référente"


class MilestoneColumn(models.TextChoices):
    COMPANIES = "companies", "Entreprises du numérique en santé"
    ESTABLISHMENTS = "establishments", "Établissements"
