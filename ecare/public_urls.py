from django.urls import path

from ecare import views

app_name = "ecare"
urlpatterns = [
    path("accessibilite/", views.accessibility, name="accessibility"),
    path("mentions-legales/", views.legal_notice, name="legal-notice"),
    path("donnees-personnelles/", views.personal_data, name="personal-data"),
    path("aide/", views.help_page, name="help"),
    path("cookies/", views.cookies, name="cookies"),
    path(".well-known/security.txt", views.security_contact, name="security-contact"),
    path("plan-du-site/", views.site_map, name="site-map"),
]
