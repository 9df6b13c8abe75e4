import django
from django.conf import settings

django.setup()

from tests.access_matrix import document  # noqa: E402

(settings.BASE_DIR / "docs" / "acces.md").write_text(document.text(), encoding="utf-8")
