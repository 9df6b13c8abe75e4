"""The connection to the mail server, and what an e-mail looks like on the wire."""

from __future__ import annotations

import smtplib
from types import TracebackType
from typing import Self

from django.conf import settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email

from notifications.models import Email


class Unreachable(Exception):
    """The mail server does not take connections: no e-mail is to blame."""


class Transport:
    """One connection, opened when first needed and kept for the whole pass."""

    def __init__(self) -> None:
        self.backend: BaseEmailBackend | None = None
        self.last_error = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, email: Email) -> None:
        """Send one e-mail.

        Raises Unreachable; ValueError when the recipient is not one address; what smtplib raises for a refusal.
        """
        message = as_message(email)
        backend = self.open()
        try:
            backend.send_messages([message])
        except Exception:
            self.close()  # the next e-mail starts on a fresh connection
            raise

    def open(self) -> BaseEmailBackend:
        if self.backend is None:
            backend = mail.get_connection()
            try:
                backend.open()
            except (OSError, smtplib.SMTPException) as error:
                self.last_error = f"{type(error).__name__}: {error}"
                raise Unreachable(self.last_error) from error
            self.backend = backend
        return self.backend

    def close(self) -> None:
        backend, self.backend = self.backend, None
        if backend is not None:
            try:
                backend.close()
            except (OSError, smtplib.SMTPException):
                return  # it was lost already


def as_message(email: Email) -> mail.EmailMultiAlternatives:
    """Text with an HTML alternative, under the Message-ID of the row; no tracking, nothing remote."""
    try:
        validate_email(email.to)  # Django sends to nobody, and calls it sent, when there is no recipient
    except ValidationError as error:
        raise ValueError("le destinataire n'est pas une adresse électronique") from error
    message = mail.EmailMultiAlternatives(
        subject=email.subject,
        body=email.text,
        from_email=settings.SENDER,
        to=[email.to],
        headers={
            "Message-ID": email.message_id,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    message.attach_alternative(email.html, "text/html")
    return message
