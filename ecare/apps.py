from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class EcareConfig(AppConfig):
    default = True
    name = "ecare"


class AdministrationConfig(admin_apps.AdminConfig):
    """The Django admin, with our site in place of its own."""

    default = False
    default_site = "ecare.admin.AdminSite"
