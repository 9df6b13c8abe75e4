"""Files in a private S3 bucket, when several machines share them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import PermissionDenied
from storages.backends.s3 import S3Storage

#: A file that is not there, to whom asks for it and to whom asks about it.
_NO_FILE = {"NoSuchKey", "404"}


@contextmanager
def told_as_system_errors() -> Iterator[None]:
    """A bucket that is full, frozen or away is what a disk can be too: whoever handles files knows one kind of error.
    So is a file that is not there; a bucket that is not there is away."""
    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as error:
        code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else ""
        raise OSError(errno.ENOENT if code in _NO_FILE else errno.EIO, str(error)) from error


class PrivateS3(S3Storage):
    """Never public, and no address is ever given, not even a signed one: files leave by authorised views (Q21).

    No access list is sent, since providers refuse them on buckets that are private by policy.
    """

    file_overwrite = False
    #: What is read goes through the disk past this size, in bytes; what is written goes by pieces, one at a time.
    max_memory_size = 1024 * 1024
    transfer_config = TransferConfig(use_threads=False)
    client_config = Config(
        connect_timeout=5,
        read_timeout=30,
        retries={"max_attempts": 2},
        signature_version="s3v4",
        # Names of buckets in the path, and checksums only where asked: what every provider understands.
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )

    def url(self, name: str, *_args: Any, **_options: Any) -> str:
        raise PermissionDenied(f"{name} leaves by an authorised view only")

    def _open(self, name: str, mode: str = "rb") -> Any:
        """Open to read, what is read is there: it breaks off before a view has answered, not in the middle of it."""
        with told_as_system_errors():
            opened = super()._open(name, mode)
            if "r" in mode:
                opened.file  # noqa: B018  fetches it, through the disk
        return opened

    def exists(self, name: str) -> bool:
        with told_as_system_errors():
            found: bool = super().exists(name)
        return found

    def _save(self, name: str, content: Any) -> str:
        with told_as_system_errors():
            kept: str = super()._save(name, content)
        return kept

    def delete(self, name: str) -> None:
        with told_as_system_errors():
            super().delete(name)

    def size(self, name: str) -> int:
        with told_as_system_errors():
            length: int = super().size(name)
        return length

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with told_as_system_errors():
            found: tuple[list[str], list[str]] = super().listdir(name)
        return found

    def get_modified_time(self, name: str) -> datetime:
        with told_as_system_errors():
            modified: datetime = super().get_modified_time(name)
        return modified
