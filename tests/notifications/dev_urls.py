"""The addresses of `make run`: those of the portal and the pages of development."""

from django.urls import include, path

from ecare import urls

urlpatterns = [*urls.urlpatterns, path("dev/", include("ecare.dev_urls"))]
