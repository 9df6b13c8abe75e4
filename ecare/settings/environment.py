"""Settings from the environment, or from the files that it names."""

from environ import Env
from environ.fileaware_mapping import FileAwareMapping


class Files(FileAwareMapping):
    """`SECRET_KEY_FILE=/run/secrets/key` instead of `SECRET_KEY=…`: what a vault or an orchestrator mounts stays out of
    the environment, which every child inherits and every crash report quotes (ASVS 13.3.1). An end of line left by an
    editor is no part of a secret."""

    def __getitem__(self, key: str) -> str:
        value: str = super().__getitem__(key)
        return value.rstrip("\r\n") if f"{key}_FILE" in self.env else value


class Environment(Env):
    ENVIRON = Files()
