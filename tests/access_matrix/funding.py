"""Subsidies: followed by their référent, granted and checked by who instructs the dossier."""

from tests.access_matrix.roles import DECIDERS, INSTRUCTORS, NO_POST, READERS, Row, everybody, only

TABLE: dict[str, tuple[Row, Row]] = {
    # The signatory has no account: the link is the key, and this one is none.
    "funding:agreement-to-sign": (everybody(404), everybody(405)),
    "funding:own-subsidy": (only("referent"), NO_POST),
    "funding:own-agreement": (only("referent"), NO_POST),
    "funding:sign-agreement": (NO_POST, only("referent", outcome="→funding:own-subsidy")),
    "funding:own-expenses": (only("referent"), NO_POST),
    "funding:add-expenses": (only("referent"), only("referent", outcome="→funding:own-expenses")),
    "funding:change-expense": (only("referent"), only("referent", outcome="→funding:own-expenses")),
    "funding:remove-expense": (NO_POST, only("referent", outcome="→funding:own-expenses")),
    "funding:import-expenses": (only("referent"), only("referent", outcome="→funding:review-expenses")),
    "funding:review-expenses": (only("referent"), only("referent", outcome="→funding:own-expenses")),
    "funding:expenses-template": (only("referent"), NO_POST),
    "funding:expenses": (only(*READERS), NO_POST),
    "funding:close-expenses": (NO_POST, only(*DECIDERS, outcome="→funding:expenses")),
    "funding:expense-file": (only(*READERS), NO_POST),
    "funding:envelopes": (only("lead"), NO_POST),
    "funding:subsidies": (only(*INSTRUCTORS), NO_POST),
    "funding:subsidy": (only(*READERS), NO_POST),
    "funding:grant": (only(*DECIDERS), only(*DECIDERS, outcome="→funding:subsidy")),
    "funding:send-agreement": (only(*DECIDERS), only(*DECIDERS, outcome="→funding:subsidy")),
    "funding:decide-objective": (NO_POST, only(*DECIDERS, outcome="→dossiers:instruction-dossier")),
    "funding:agreement": (only(*READERS), NO_POST),
    "funding:signed-copy": (only(*READERS), NO_POST),
    "funding:own-control": (only("referent"), only("referent", outcome="→funding:own-control")),
    "funding:control": (only(*READERS), only(*DECIDERS, outcome="→funding:control")),
    "funding:control-piece": (only(*READERS), NO_POST),
    "funding:retex": (only("lead"), only("lead")),
    "funding:payments": (only("lead"), NO_POST),
    "funding:import-payments": (only("lead"), only("lead")),
    "funding:export-payments": (only("lead"), NO_POST),
    "funding:schedule": (only(*READERS), only("lead", outcome="→funding:schedule")),
    "funding:payment": (only("lead"), only("lead", outcome="→funding:schedule")),
    "funding:check-agreement": (NO_POST, only(*DECIDERS, outcome="→funding:subsidy")),
}
