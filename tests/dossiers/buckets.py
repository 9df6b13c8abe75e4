"""Files kept in an S3 bucket, and in one that does not answer."""

from __future__ import annotations

from pytest_django import Settings

#: An address where nobody listens.
NOBODY = "http://127.0.0.1:1"
KEYS = {"access_key": "essai", "secret_key": "essai"}


def kept_in_bucket(settings: Settings, endpoint: str, name: str = "pieces") -> None:
    """From here on, files are in that bucket."""
    options = {"bucket_name": name, "endpoint_url": endpoint, "region_name": "eu-west-3", **KEYS}
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "ecare.storage.PrivateS3", "OPTIONS": options}}
