"""What is being typed on the screens of a registration, or of an added establishment: kept in the server-side session
until it becomes an account, so that « Précédent » loses nothing. The password is there as a hash, never in clear."""

import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from accounts.workflow import Identity
from establishments.enums import EstablishmentType
from establishments.models import LegalEntity

PERSON = ("username", "civility", "last_name", "first_name", "phone", "email")


@dataclass
class Choice:
    """The establishment chosen on the three screens of step 2."""

    establishment_type: str = ""
    region: str = ""
    finess: str = ""
    sites_seen: bool = False

    def set_kind_and_region(self, establishment_type: str, region: str) -> None:
        """Another type or région makes the establishment chosen before meaningless."""
        if (establishment_type, region) != (self.establishment_type, self.region):
            self.finess, self.sites_seen = "", False
        self.establishment_type, self.region = establishment_type, region

    def set_legal_entity(self, finess: str) -> None:
        if finess != self.finess:
            self.sites_seen = False
        self.finess = finess

    def suggest(self, legal_entity: LegalEntity) -> None:
        """Propose an EJ named before the registration, to be looked at on the three screens as any other; an
        establishment begun to be chosen stays."""
        if self.has_kind_and_region or not legal_entity.kinds or not legal_entity.region_codes:
            return
        own = legal_entity.region_id
        region = own if own in legal_entity.region_codes else legal_entity.region_codes[0]
        kind = EstablishmentType.ESSMS if EstablishmentType.ESSMS in legal_entity.kinds else legal_entity.kinds[0]
        self.set_kind_and_region(str(kind), str(region))
        self.set_legal_entity(legal_entity.finess)

    @property
    def has_kind_and_region(self) -> bool:
        return bool(self.establishment_type and self.region)


@dataclass
class Addition:
    """An establishment being added to an account (A8)."""

    SESSION_KEY = "addition"

    choice: Choice = field(default_factory=Choice)

    @classmethod
    def load(cls, session: SessionBase) -> "Addition":
        return cls(choice=Choice(**session.get(cls.SESSION_KEY, {}).get("choice", {})))

    def save(self, session: SessionBase) -> None:
        session[self.SESSION_KEY] = {"choice": asdict(self.choice)}

    def forget(self, session: SessionBase) -> None:
        session.pop(self.SESSION_KEY, None)


@dataclass
class Registration:
    """An account being created (A1)."""

    SESSION_KEY = "registration"

    public_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    # As typed; valid only once `person_valid`.
    person: dict[str, str] = field(default_factory=dict)
    person_valid: bool = False
    password_hash: str = ""
    choice: Choice = field(default_factory=Choice)
    # Where to go once signed in: the activation link carries it, since it may be opened on another device.
    next: str = ""

    @classmethod
    def load(cls, session: SessionBase) -> "Registration":
        kept: dict[str, Any] = session.get(cls.SESSION_KEY, {})
        return cls(**{**kept, "choice": Choice(**kept.get("choice", {}))})

    def save(self, session: SessionBase) -> None:
        session[self.SESSION_KEY] = asdict(self)

    def forget(self, session: SessionBase) -> None:
        session.pop(self.SESSION_KEY, None)

    @property
    def has_person(self) -> bool:
        return self.person_valid and bool(self.password_hash)

    def identity(self) -> Identity:
        return Identity(public_id=uuid.UUID(self.public_id), **{name: self.person[name] for name in PERSON})
