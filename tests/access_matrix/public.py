"""What is open to all, and asks for no account."""

from tests.access_matrix.roles import PUBLIC, Row

TABLE: dict[str, tuple[Row, Row]] = {
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "ecare:accessibility": PUBLIC,
    "ecare:legal-notice": PUBLIC,
    "ecare:personal-data": PUBLIC,
    "ecare:cookies": PUBLIC,
    "ecare:help": PUBLIC,
    "ecare:site-map": PUBLIC,
    "ecare:security-contact": PUBLIC,
    "funding:simulator": PUBLIC,
    "dossiers:home": PUBLIC,
}
