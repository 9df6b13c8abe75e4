"""What the lines of the log are worth."""

import logging

from django.core.exceptions import SuspiciousFileOperation, SuspiciousOperation


class RefusedPolitely(logging.Filter):
    """Keeps every line; stands on the handler, where those of every logger pass. What the portal refused is no error of
    it, and wakes nobody: a warning.

    A 503 that it answers by itself, told to come back in a moment. What a request held: another host, too many fields,
    too large a body, an altered address; the line says which, and its traceback would say nothing else. A failure keeps
    its level and its traceback: what caused a 503, and a name of a file that the storage refuses, which our code made.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        cause = record.exc_info[1] if record.exc_info else None
        if isinstance(cause, SuspiciousOperation) and not isinstance(cause, SuspiciousFileOperation):
            record.exc_info = None
        elif cause is not None or getattr(record, "status_code", None) != 503:
            return True
        if record.levelno > logging.WARNING:
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return True
