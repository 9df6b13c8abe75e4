"""What the lines of the log are worth."""

import logging


class RefusedPolitely(logging.Filter):
    """Keeps every line. A 503 that the portal answers by itself, told to come back in a moment, is no error of it: a
    warning. One that a failure caused keeps its level and its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", None) == 503 and not record.exc_info:
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return True
