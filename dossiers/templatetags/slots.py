from django import template

from dossiers import antivirus, uploads, viewer
from dossiers.enums import Scan
from dossiers.models import Attachment, Question

register = template.Library()


@register.simple_tag
def slot_rules(question: Question) -> uploads.Rules:
    """The rule of a question's slot, the one that the server enforces."""
    return uploads.rules(question)


@register.filter
def scan_text(file: Attachment) -> str:
    """What is known of a file from the antivirus; nothing is awaited, so nothing is said, where there is none."""
    if file.scan == Scan.PENDING and not antivirus.is_configured():
        return ""
    return Scan(file.scan).label


@register.filter
def opens(file: Attachment) -> bool:
    """Whether a file can be read on the screen; the others are downloaded."""
    return viewer.may_be_drawn(file.content_type)
