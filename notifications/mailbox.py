"""Reading the e-mails that development keeps as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Letter:
    name: str
    to: str
    subject: str
    date: datetime
    text: str
    html: str


def names() -> list[str]:
    """The names of the e-mails kept, the newest first."""
    folder = Path(settings.EMAIL_DIR)
    return sorted((path.stem for path in folder.glob("*.eml")), reverse=True)


def source(name: str) -> bytes | None:
    """The e-mail as it was sent; None when there is none of that name. `name` holds no separator (see the URLs)."""
    try:
        return (Path(settings.EMAIL_DIR) / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None


def letter(name: str) -> Letter | None:
    content = source(name)
    if content is None:
        return None
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(content)
    return Letter(
        name=name,
        to=str(message["To"]),
        subject=str(message["Subject"]),
        date=_aware(message["Date"].datetime),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return body.get_content() if isinstance(body, EmailMessage) else ""


def _aware(date: datetime) -> datetime:
    """Django writes its dates in UTC as « -0000 », which Python reads as a date without zone."""
    return date if date.tzinfo else date.replace(tzinfo=UTC)
