"""A référent's dossiers, and how they change hands."""

from tests.access_matrix.roles import NO_POST, REFERENTS, Row, only

TABLE: dict[str, tuple[Row, Row]] = {
    "dossiers:dashboard": (only(*REFERENTS), NO_POST),
    "dossiers:create": (only(*REFERENTS), only(*REFERENTS)),
    # The page is everybody's who has this colleague; the dossier is its référent's alone.
    "dossiers:transfer": (only(*REFERENTS), only(*REFERENTS) | {"referent": "→dossiers:dashboard"}),
    "dossiers:successors": (only("referent"), NO_POST),
    # Everybody who represents the EJ may ask for a dossier, but for one's own.
    "dossiers:claims": (only(*REFERENTS), only(*REFERENTS, outcome="→dossiers:claims") | {"referent": 200}),
    "dossiers:withdraw-claim": (NO_POST, only("colleague", outcome="→dossiers:claims")),
    "dossiers:takeovers": (only("referent"), NO_POST),
    "dossiers:object-to-takeover": (only("referent"), only("referent", outcome="→dossiers:takeovers")),
    "dossiers:form": (only("referent"), only("referent", outcome="→dossiers:form")),
    "dossiers:answer": (only("referent"), only("referent")),
    "dossiers:drop-parked": (NO_POST, only("referent", outcome="→dossiers:form")),
    "dossiers:perimeter": (only("referent"), only("referent", outcome="→dossiers:form")),
    "dossiers:comparison": (only("referent"), NO_POST),
    "dossiers:recap": (only("referent"), NO_POST),
    "dossiers:transmit": (NO_POST, only("referent", outcome="→dossiers:form")),
    "dossiers:receipt": (only("referent"), NO_POST),
    "dossiers:history": (only("referent"), NO_POST),
    "dossiers:paper": (only("referent"), NO_POST),
    "dossiers:file": (only("referent"), NO_POST),
    "dossiers:view-file": (only("referent"), NO_POST),
    "dossiers:slot": (NO_POST, only("referent")),
    "dossiers:template-file": (only("referent"), NO_POST),
    # The étape asked for is the current one, which has its page.
    "dossiers:stage": (only("referent", outcome="→dossiers:form"), NO_POST),
    "dossiers:start-stage": (NO_POST, only("referent", outcome="→dossiers:form")),
    "dossiers:stage-receipt": (only("referent"), NO_POST),
}
