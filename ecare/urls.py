from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from ecare import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("admin/", admin.site.urls),
    path("", include("ecare.public_urls")),
    path("", include("accounts.urls")),
    path("", include("dossiers.urls")),
    path("", include("funding.urls")),
]

if settings.DEV_PAGES:
    urlpatterns += [path("dev/", include("ecare.dev_urls"))]

handler400 = "ecare.errors.bad_request"
handler403 = "ecare.errors.forbidden"
handler404 = "ecare.errors.not_found"
handler500 = "ecare.errors.server_error"
