"""Who comes to an address, and the rows of the table that several addresses share."""

from __future__ import annotations

NOBODY = ("anonymous", "half")  # half: password given, code awaited
REFERENTS = ("referent", "colleague", "former")
READERS = ("verifier", "regional", "lead")  # the instructor of the région may read the POC, not decide
INSTRUCTORS = (*READERS, "outside")
DECIDERS = ("verifier", "lead")
STAFF = (*INSTRUCTORS, "admin")
SIGNED_IN = (*REFERENTS, *STAFF)
ROLES = (*NOBODY, *SIGNED_IN)
SIGN_IN = "→accounts:sign-in"

Outcome = int | str
Row = dict[str, Outcome]


def everybody(outcome: Outcome) -> Row:
    return dict.fromkeys(ROLES, outcome)


def only(*roles: str, outcome: Outcome = 200, others: Outcome = 404) -> Row:
    """That outcome for these roles; nobody is known before the code is given."""
    return {**dict.fromkeys(NOBODY, SIGN_IN), **dict.fromkeys(SIGNED_IN, others), **dict.fromkeys(roles, outcome)}


def at_home(nobody: Outcome) -> Row:
    """What someone signed in has no use for leads to one's own page."""
    return {
        **dict.fromkeys(NOBODY, nobody),
        **dict.fromkeys(REFERENTS, "→dossiers:dashboard"),
        **dict.fromkeys(INSTRUCTORS, "→dossiers:instruction-home"),
        "admin": "→admin:index",
    }


NO_POST = only(outcome=405, others=405)
PUBLIC = (everybody(200), everybody(405))
