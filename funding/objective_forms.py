"""The part « Objectifs » of the back-office: one form an objective (F5). It validates, and never saves."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import QueryDict

from accounts.models import User
from dossiers.enums import Status
from dossiers.models import DossierStage
from dossiers.neighbours import Panel
from ecare import forms as care_forms
from funding import access
from funding.objectives import Objectives, Row


class ObjectiveForm(care_forms.Form):
    """« Accepter » or « Refuser » an objective as it was on the page."""

    read = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    reason = forms.CharField(
        label="Motif du refus",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
        help_text="Le référent le lira.",
        error_messages={"max_length": "Ce motif dépasse 2000 caractères\u00a0: raccourcissez-le."},
    )

    def __init__(self, data: QueryDict | None = None, *, row: Row, number: int, typed: str = "") -> None:
        """`number` is that of the transmission shown; `typed`, the reason of a decision that came too late."""
        self.typed = typed
        reason = typed or (row.decision.reason if row.is_refused and row.decision else "")
        super().__init__(
            data,
            auto_id=f"id_{row.objective.code}_%s",
            initial={"read": number, "version": row.version, "reason": reason},
            use_required_attribute=False,
        )


@dataclass(frozen=True)
class Part:
    """The objectives as they are shown to be decided. `refusal` says why what was just sent is not kept."""

    dossier_stage: DossierStage
    objectives: Objectives
    rows: list[tuple[Row, ObjectiveForm]]
    may_decide: bool
    #: Whether the user may take charge of the dossier, which nobody instructs: a decision gives it to nobody (I5).
    may_take: bool
    refusal: str = ""
    #: The objective that it was about, and what had been typed for it.
    code: str = ""


def part(
    dossier_stage: DossierStage,
    objectives: Objectives,
    user: User,
    *,
    sent: ObjectiveForm | None = None,
    code: str = "",
    refusal: str = "",
) -> Panel:
    """The panel; with the form that was just sent for the objective `code`, when it is shown again. What came too late,
    which `refusal` says, is about the objective as it is now: once read, the same decision may be sent again."""

    def form_of(row: Row) -> ObjectiveForm:
        if sent is None or row.objective.code != code:
            return ObjectiveForm(row=row, number=objectives.number)
        return ObjectiveForm(row=row, number=objectives.number, typed=sent["reason"].value() or "") if refusal else sent

    rows = [(row, form_of(row)) for row in objectives.rows]
    may_decide = (
        access.may_decide_objectives(user, dossier_stage)
        and dossier_stage.is_current
        and dossier_stage.status == Status.TRANSMITTED
    )
    may_take = may_decide and dossier_stage.dossier.verifier_id is None
    content = Part(dossier_stage, objectives, rows, may_decide, may_take, refusal, code)
    return Panel("funding/instruction/objectives.html", content, title="Objectifs", anchor="titre-objectifs")
