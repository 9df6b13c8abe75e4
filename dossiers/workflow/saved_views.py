"""Views of the list, kept, shared, removed, and the one that the list opens on (I1)."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.http import QueryDict

from accounts.models import User
from dossiers.models import DefaultView, SavedView
from dossiers.models.saved_views import LONGEST_QUERY, NAME_TAKEN
from dossiers.workflow.table import NotAllowed, Refused

#: As many as a menu can show.
MOST = 40


@transaction.atomic
def keep(*, by: User, name: str, query: str, is_shared: bool) -> SavedView:
    """Keep a list under a name. Raises Refused when it is taken, when there are too many, or when what the list is
    filtered by is too long to be kept: cut, it would be another list."""
    if SavedView.objects.filter(owner=by).count() >= MOST:
        raise Refused(f"Vous avez déjà {MOST} vues\u00a0: supprimez celles qui ne servent plus.")
    query = cleaned(query)
    if len(query) > LONGEST_QUERY:
        raise Refused("Les filtres de cette liste sont trop longs pour être gardés\u00a0: raccourcissez la recherche.")
    view = SavedView(owner=by, name=name.strip(), query=query, is_shared=is_shared)
    _save(view)
    return view


@transaction.atomic
def change(view: SavedView, *, by: User, name: str, is_shared: bool) -> None:
    """Rename a view, share it or no longer. Raises NotAllowed unless it is of `by`, Refused when the name is taken."""
    check_owner(view, by)
    if view.is_shared and not is_shared:
        view.defaults.exclude(user=by).delete()
    view.name, view.is_shared = name.strip(), is_shared
    _save(view)


def remove(view: SavedView, *, by: User) -> None:
    """Remove a view, for everybody. Raises NotAllowed unless it is of `by`."""
    check_owner(view, by)
    view.delete()


@transaction.atomic
def open_on(view: SavedView | None, *, by: User) -> None:
    """The list opens on that view for `by` from now on; on everything without one. Raises NotAllowed when it is
    somebody else's and not shared."""
    if view is None:
        DefaultView.objects.filter(user=by).delete()
        return
    if view.owner_id != by.pk and not view.is_shared:
        raise NotAllowed("Cette vue n'est pas partagée.")
    DefaultView.objects.update_or_create(user=by, defaults={"view": view})


def check_owner(view: SavedView, by: User) -> None:
    if view.owner_id != by.pk:
        raise NotAllowed("Cette vue n'est pas la vôtre.")


def cleaned(query: str) -> str:
    """What the address of a list says, without its page, the view that it came from, and what is blank."""
    parameters = QueryDict(query, mutable=True)
    for name in ("page", "vue"):
        parameters.pop(name, None)
    for name, values in list(parameters.lists()):
        parameters.setlist(name, [each for each in values if each])
    return parameters.urlencode()


def _save(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise Refused(NAME_TAKEN) from error
