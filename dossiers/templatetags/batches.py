"""Batches, from the list of the back-office (I4b)."""

from __future__ import annotations

from typing import Any

from django import template
from django.core.paginator import Page
from django.http import QueryDict

from dossiers import access

register = template.Library()


@register.inclusion_tag("dossiers/instruction/batches/bar.html", takes_context=True)
def batch_bar(context: template.RequestContext, page: Page[access.Listed], query: QueryDict) -> dict[str, Any]:
    """What to do with the dossiers ticked of a page of the list, or with all those of the list, filtered by `query`."""
    return {
        "actions": access.batch_actions(context["user"], page.object_list),
        "count": page.paginator.count,
        "query": query.urlencode(),
        "csrf_token": context.get("csrf_token"),
    }
