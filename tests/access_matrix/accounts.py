"""Registration, sign-in and the pages of an account."""

from tests.access_matrix.roles import (
    INSTRUCTORS,
    NO_POST,
    PUBLIC,
    REFERENTS,
    SIGN_IN,
    SIGNED_IN,
    Row,
    at_home,
    everybody,
    only,
)

# Nobody here has a second step but the e-mailed code.
TO_SECOND_STEP: Row = {**at_home(SIGN_IN)}
TO_CODE: Row = {**at_home(200), "anonymous": SIGN_IN}

TABLE: dict[str, tuple[Row, Row]] = {
    "accounts:terms": PUBLIC,
    "accounts:register": (at_home(200), at_home(200)),
    "accounts:register-establishment": (everybody("→accounts:register"), everybody("→accounts:register")),
    "accounts:register-pick": (everybody("→accounts:register"), everybody("→accounts:register")),
    "accounts:register-sites": (everybody("→accounts:register"), everybody("→accounts:register")),
    "accounts:register-recap": (everybody("→accounts:register"), everybody("→accounts:register")),
    "accounts:register-done": PUBLIC,
    "accounts:activation-again": (everybody(200), everybody("→accounts:activation-sent")),
    "accounts:activation-sent": PUBLIC,
    "accounts:activate": (everybody(410), everybody(410)),
    "accounts:sign-in": (at_home(200), at_home(200)),
    "accounts:code": (TO_CODE, TO_CODE),
    "accounts:resend-code": (everybody(405), {**everybody(SIGN_IN), "half": "→accounts:code"}),
    "accounts:sign-out": (everybody(405), everybody("→dossiers:home")),
    "accounts:accept-terms": (at_home(SIGN_IN), at_home(SIGN_IN)),
    "accounts:password-reset": (everybody(200), everybody("→accounts:password-reset-sent")),
    "accounts:password-reset-sent": PUBLIC,
    "accounts:password-reset-confirm": (everybody(410), everybody(410)),
    "accounts:account": (only(*SIGNED_IN), NO_POST),
    "accounts:second-step": (TO_SECOND_STEP, TO_SECOND_STEP),
    "accounts:second-step-options": (everybody(405), {**everybody(SIGN_IN), "half": 200}),
    "accounts:security": (only(*SIGNED_IN), NO_POST),
    "accounts:add-authenticator": (only(*SIGNED_IN), only(*SIGNED_IN)),
    "accounts:authenticator": (only(), only()),  # nobody here has one
    "accounts:add-passkey": (only(*SIGNED_IN), only(*SIGNED_IN)),
    "accounts:passkey-options": (NO_POST, only(*SIGNED_IN)),
    "accounts:passkey": (only(), only()),
    "accounts:recovery-codes": (only(*SIGNED_IN), only(*SIGNED_IN, outcome="→accounts:security")),
    "accounts:confirm-options": (NO_POST, only()),  # nobody here has a passkey
    "accounts:session": (everybody(200), everybody(200)),
    "accounts:digest": (NO_POST, only(*INSTRUCTORS, outcome="→accounts:account")),
    "accounts:close-sessions": (NO_POST, only(*SIGNED_IN, outcome="→accounts:account")),
    # No session of theirs has this identifier.
    "accounts:close-session": (NO_POST, only(outcome=404)),
    "accounts:password-change": (only(*SIGNED_IN), only(*SIGNED_IN)),
    # Who is there is asked first, whoever it is.
    "accounts:email-change": (only(*SIGNED_IN), only(*SIGNED_IN)),
    "accounts:cancel-email-change": (NO_POST, only(*SIGNED_IN, outcome="→accounts:account")),
    "accounts:confirm-email": (everybody(410), everybody(410)),
    "accounts:own-data": (only(*SIGNED_IN), only(*SIGNED_IN)),
    "accounts:delete-account": (only(*REFERENTS), only(*REFERENTS) | {"referent": 409}),
    "accounts:account-deleted": PUBLIC,
    # Everybody here has several, and dossiers or requests of this one but its former référent.
    "accounts:remove-establishment": (
        only(*REFERENTS),
        only(*REFERENTS, outcome=409) | {"former": "→accounts:account"},
    ),
    "accounts:add-establishment": (only(*REFERENTS), only(*REFERENTS)),
    "accounts:add-establishment-pick": (
        only(*REFERENTS, outcome="→accounts:add-establishment"),
        only(*REFERENTS, outcome="→accounts:add-establishment"),
    ),
    "accounts:add-establishment-sites": (
        only(*REFERENTS, outcome="→accounts:add-establishment"),
        only(*REFERENTS, outcome="→accounts:add-establishment"),
    ),
    "accounts:colleague": (only(*REFERENTS), NO_POST),
}
