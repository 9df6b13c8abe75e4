"""Who may: small predicates, and scoped querysets."""

from typing import cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.enums import Role
from accounts.models import EmailCode, Representation, User


def is_signed_in(request: HttpRequest) -> bool:
    """Password and code both given, account still open."""
    return request.user.is_authenticated and request.user.is_verified()


def person(request: HttpRequest) -> User:
    """The account of a request that the middleware let through: somebody, signed in."""
    return cast(User, request.user)


def may_represent(user: User) -> bool:
    """Only a référent represents establishments."""
    return user.role == Role.REFERENT


def may_delete_account(user: User) -> bool:
    """Only a référent deletes their own account; that of a member of staff is closed by an administrator."""
    return user.role == Role.REFERENT


def may_choose_digest(user: User) -> bool:
    """The daily e-mail is about what one instructs or reads."""
    return user.is_instructor


def is_advised_own_factor(user: User) -> bool:
    """Staff are advised an authenticator app or a passkey (Q12), unless the portal settles for the e-mailed code."""
    return not user.is_referent and settings.STAFF_SECOND_FACTOR != "email"


def must_have_own_factor(user: User) -> bool:
    """Staff may be required to have one: the e-mailed code then only serves to add it."""
    return not user.is_referent and settings.STAFF_SECOND_FACTOR == "required"


def owes_own_factor(user: User) -> bool:
    """Whether `user`, of a request, has to add a second step before anything else. Costs no query."""
    return must_have_own_factor(user) and isinstance(user.otp_device, EmailCode)


def colleagues_of(user: User) -> QuerySet[User]:
    """The activated référents attached to an EJ of `user`, whom they may see by name (A9)."""
    shared = Representation.objects.filter(user=user).values("legal_entity")
    attached = Representation.objects.filter(legal_entity__in=shared).values("user")
    activated: QuerySet[User] = User.objects.usable()
    return activated.filter(role=Role.REFERENT, pk__in=attached).exclude(pk=user.pk)


def landing(user: User | AnonymousUser) -> str:
    """The URL name of the page a person works on, by role."""
    if not isinstance(user, User):
        return "dossiers:home"
    if user.is_admin_role:
        return "admin:index"
    return "dossiers:instruction-home" if user.is_instructor else "dossiers:dashboard"


def safe_next(request: HttpRequest) -> str:
    """The `next` of the request if it is a path of this site, otherwise nothing. A bare word is no path: `redirect`
    would take it for the name of a view, and fail."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    return address if address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""


def with_next(page: str, next_url: str) -> str:
    """The address of the page of that name, which leads to `next_url` afterwards, if there is one."""
    query = {"next": next_url} if next_url else None
    return reverse(page, query=query)
