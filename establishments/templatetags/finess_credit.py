from django import template

from establishments import queries

register = template.Library()


@register.inclusion_tag("components/finess_credit.html")
def finess_credit() -> dict[str, str]:
    """What the licence of FINESS asks of a page that shows its data."""
    return {"credit": queries.credit()}
