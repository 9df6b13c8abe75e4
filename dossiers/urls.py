from django.urls import path, register_converter
from django.urls.converters import StringConverter

from dossiers.views import files, instruction, public, referent, transfer


class Reference(StringConverter):
    """The shape of a reference: anything else is no address at all, and never reaches the database."""

    regex = "[A-Z0-9]{10}"


register_converter(Reference, "reference")

app_name = "dossiers"

urlpatterns = [
    path("", public.home, name="home"),
    path("tableau-de-bord/", referent.dashboard, name="dashboard"),
    path("dossiers/nouveau/", referent.create, name="create"),
    path("dossiers/transferer/<uuid:public_id>/", transfer.transfer, name="transfer"),
    path("dossiers/<reference:reference>/", referent.form, name="form"),
    path("dossiers/<reference:reference>/estimation/", referent.estimate, name="estimate"),
    path("dossiers/<reference:reference>/recapitulatif/", referent.recap, name="recap"),
    path("dossiers/<reference:reference>/transmettre/", referent.transmit, name="transmit"),
    path("dossiers/<reference:reference>/recepisse/<int:number>.pdf", referent.receipt, name="receipt"),
    path("dossiers/<reference:reference>/pieces/<uuid:public_id>/", files.own_file, name="file"),
    path("dossiers/<reference:reference>/modeles/<slug:code>/", files.template_file, name="template-file"),
    path("instruction/", instruction.index, name="instruction-list"),
    path("instruction/<reference:reference>/", instruction.detail, name="instruction-dossier"),
    path(
        "instruction/<reference:reference>/modification/", instruction.request_modification, name="request-modification"
    ),
    path("instruction/<reference:reference>/validation/", instruction.validate, name="validate"),
    path("instruction/<reference:reference>/rejet/", instruction.reject, name="reject"),
    path("instruction/<reference:reference>/reouverture/", instruction.reopen, name="reopen"),
    path("instruction/<reference:reference>/pieces/<uuid:public_id>/", files.instructed_file, name="instructed-file"),
]
