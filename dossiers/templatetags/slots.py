from django import template

from dossiers import uploads
from dossiers.models import Question

register = template.Library()


@register.simple_tag
def slot_rules(question: Question) -> uploads.Rules:
    """The rule of a question's slot, the one that the server enforces."""
    return uploads.rules(question)
