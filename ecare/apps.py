from django.apps import AppConfig


class EcareConfig(AppConfig):
    name = "ecare"
