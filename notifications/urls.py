from django.urls import path

from notifications import views

app_name = "mailbox"
urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:name>/", views.read, name="read"),
    path("<slug:name>/message.eml", views.download, name="download"),
    path("<slug:name>/message.html", views.html, name="html"),
]
