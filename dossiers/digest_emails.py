"""The daily e-mail of those who instruct (N1): counts, a few dossiers by name, and the list for the rest."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils import timezone

from accounts.enums import Digest
from accounts.models import User
from dossiers import desk_emails
from dossiers.enums import Status
from dossiers.models import DossierStage
from dossiers.queries import DayNews, News
from ecare import french
from notifications import outbox
from notifications.outbox import Group


def digest(user: User, news: DayNews, *, since: dt.datetime, morning: dt.datetime) -> None:
    """`news` has something to say."""
    mine = {"verificateur": "moi"}
    chosen = mine if user.digest == Digest.MINE else {}
    waiting = {**chosen, "statut": Status.TRANSMITTED.value, "depuis": timezone.localdate(since).isoformat()}
    groups = [
        group("dossier vous est attribué", "dossiers vous sont attribués", news.assigned, mine),
        group("nouveau dossier transmis", "nouveaux dossiers transmis", news.transmitted, waiting),
        group(
            "dossier corrigé et transmis",
            "dossiers corrigés et transmis",
            news.answered,
            {**waiting, "reponse": "recue"},
        ),
        group(
            "correction attendue sous sept jours",
            "corrections attendues sous sept jours",
            news.due_soon,
            {**chosen, "echeance": "proche"},
        ),
    ]
    outbox.post(
        kind="digest",
        to=user.email,
        subject=f"{french.count(news.total, 'dossier', 'dossiers')} à voir, {french.weekday(morning)}",
        context={"recipient": user, "since": since, "mine": user.digest == Digest.MINE},
        key=f"digest-{user.pk}-{morning:%Y-%m-%d}",
        action=("Ouvrir la liste", outbox.absolute(reverse("dossiers:instruction-list"))),
        groups=[each for each in groups if each.links],
    )


def group(one: str, several: str, news: News, query: dict[str, str]) -> Group:
    """`query`: the filters of the list that show them (`dossiers.filters`)."""
    address = reverse("dossiers:instruction-list", query=query)
    return Group(
        title=french.count(news.count, one, several),
        links=[line(each) for each in news.named],
        more=("Les voir dans la liste", outbox.absolute(address)),
    )


def line(dossier_stage: DossierStage) -> tuple[str, str]:
    label, address = desk_emails.line(dossier_stage.dossier)
    if dossier_stage.due_at:
        label += f", jusqu'au {french.until(dossier_stage.due_at)}"
    return label, address
