"""What those who instruct read and decide."""

from tests.access_matrix.roles import DECIDERS, INSTRUCTORS, NO_POST, READERS, Row, only

TABLE: dict[str, tuple[Row, Row]] = {
    "dossiers:takeovers-to-decide": (only("lead"), NO_POST),
    "dossiers:decide-takeover": (only("lead"), only("lead", outcome="→dossiers:takeovers-to-decide")),
    "dossiers:ownerless": (only("lead"), NO_POST),
    "dossiers:reassign": (only("lead"), only("lead", outcome="→dossiers:ownerless")),
    "dossiers:texts": (only("lead"), NO_POST),
    "dossiers:create-text": (only("lead"), only("lead", outcome="→dossiers:texts")),
    "dossiers:edit-text": (only("lead"), only("lead", outcome="→dossiers:texts")),
    "dossiers:statistics": (only(*INSTRUCTORS), NO_POST),
    "dossiers:statistics-figures": (only(*INSTRUCTORS), NO_POST),
    "dossiers:exports": (only(*INSTRUCTORS), NO_POST),
    "dossiers:create-export": (only(*INSTRUCTORS), only(*INSTRUCTORS, outcome="→dossiers:exports")),
    # Whoever asked for it, and nobody else: here the verifier.
    "dossiers:export-file": (only("verifier"), NO_POST),
    "dossiers:cancel-export": (NO_POST, only("verifier", outcome="→dossiers:exports")),
    "dossiers:batches": (only(*INSTRUCTORS), NO_POST),
    # A dossier that one may not read is no dossier: nothing is ticked, and the list says so.
    "dossiers:prepare-batch": (
        only(outcome=405, others=405),
        only(*READERS, outcome="→dossiers:batch") | {"outside": "→dossiers:instruction-list"},
    ),
    # Whoever prepared it, and nobody else: here the verifier.
    "dossiers:batch": (only("verifier"), only("verifier", outcome="→dossiers:batch")),
    "dossiers:confirm-batch": (NO_POST, only("verifier", outcome="→dossiers:batch")),
    "dossiers:stop-batch": (NO_POST, only("verifier", outcome="→dossiers:batch")),
    "dossiers:instruction-home": (only(*INSTRUCTORS), NO_POST),
    "dossiers:assignment-rules": (only("lead"), NO_POST),
    "dossiers:create-rule": (only("lead"), only("lead", outcome="→dossiers:assignment-rules")),
    "dossiers:edit-rule": (only("lead"), only("lead", outcome="→dossiers:assignment-rules")),
    "dossiers:apply-rule": (NO_POST, only("lead", outcome="→dossiers:batch")),
    "dossiers:absences": (only(*INSTRUCTORS), only(*INSTRUCTORS, outcome="→dossiers:absences")),
    # The verifier's own, or a responsable's to say.
    "dossiers:withdraw-absence": (NO_POST, only("verifier", "lead", outcome="→dossiers:absences")),
    "dossiers:spread": (only("lead"), only("lead", outcome="→dossiers:absences")),
    "dossiers:saved-views": (only(*INSTRUCTORS), only(*INSTRUCTORS, outcome="→dossiers:instruction-list")),
    # The verifier's own, shared with nobody.
    "dossiers:edit-view": (only("verifier"), only("verifier", outcome="→dossiers:saved-views")),
    "dossiers:open-on-view": (NO_POST, only("verifier", outcome="→dossiers:saved-views")),
    "dossiers:shortcuts": (only(*INSTRUCTORS), only(*INSTRUCTORS, outcome="→dossiers:shortcuts")),
    "dossiers:instruction-list": (only(*INSTRUCTORS), NO_POST),
    "dossiers:instruction-dossier": (only(*READERS), NO_POST),
    "dossiers:instruction-stage": (only(*READERS, outcome="→dossiers:instruction-dossier"), NO_POST),
    "dossiers:call-stage": (only(*DECIDERS), only(*DECIDERS, outcome="→dossiers:instruction-dossier")),
    "dossiers:presence": (NO_POST, only(*READERS)),
    "dossiers:take": (NO_POST, only(*DECIDERS, outcome="→dossiers:instruction-dossier")),
    "dossiers:assign": (only("lead"), only("lead", outcome="→dossiers:instruction-dossier")),
    "dossiers:correct-contact": (only("lead"), only("lead", outcome="→dossiers:instruction-dossier")),
    "dossiers:note": (NO_POST, only(*READERS, outcome="→dossiers:instruction-dossier")),
    "dossiers:instructed-comparison": (only(*READERS), NO_POST),
    "dossiers:examine-flag": (NO_POST, only(*DECIDERS, outcome="→dossiers:instruction-dossier")),
    "dossiers:all-files": (only(*READERS), NO_POST),
    "dossiers:instructed-paper": (only(*READERS), NO_POST),
    "dossiers:instructed-file": (only(*READERS), NO_POST),
    "dossiers:view-instructed-file": (only(*READERS), NO_POST),
    "dossiers:request-modification": (only(*DECIDERS), only(*DECIDERS, outcome="→dossiers:instruction-dossier")),
    "dossiers:validate": (only(*DECIDERS), only(*DECIDERS, outcome="→dossiers:instruction-dossier")),
    "dossiers:reject": (only(*DECIDERS), only(*DECIDERS, outcome="→dossiers:instruction-dossier")),
    "dossiers:reopen": (only("lead"), only("lead", outcome="→dossiers:instruction-dossier")),
}
