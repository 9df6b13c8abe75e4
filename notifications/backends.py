"""Development: e-mails are kept as files, which the mailbox at /dev/courriels/ shows."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


class EmlFileBackend(BaseEmailBackend):
    """One .eml file per e-mail in `settings.EMAIL_DIR`, named after its time so that names sort like times."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            path = folder / f"{timezone.now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}.eml"
            draft = path.with_suffix(".part")
            draft.write_bytes(message.message().as_bytes())
            os.replace(draft, path)  # whoever reads the folder never sees half a message
        return len(email_messages)
