"""Addresses of the accounts room."""

app_name = "accounts"
urlpatterns: list = []
