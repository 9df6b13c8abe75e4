"""Pages for those who build the portal. Included in development only."""

from django.urls import include, path

from ecare import gallery

app_name = "dev"
urlpatterns = [
    path("courriels/", include("notifications.urls")),
    path("composants/", gallery.components, name="components"),
]
