"""docs/acces.md says what the table says."""

from django.conf import settings

from tests.access_matrix import document


def test_the_page_that_people_read_is_the_table_that_is_tested() -> None:
    """`make access` writes it again."""
    assert (settings.BASE_DIR / "docs" / "acces.md").read_text(encoding="utf-8") == document.text()
