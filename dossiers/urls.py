from django.urls import path

from dossiers.views import files, instruction, public, referent, transfer

app_name = "dossiers"

urlpatterns = [
    path("", public.home, name="home"),
    path("tableau-de-bord/", referent.dashboard, name="dashboard"),
    path("dossiers/nouveau/", referent.create, name="create"),
    path("dossiers/transferer/<uuid:public_id>/", transfer.transfer, name="transfer"),
    path("dossiers/<str:reference>/", referent.form, name="form"),
    path("dossiers/<str:reference>/estimation/", referent.estimate, name="estimate"),
    path("dossiers/<str:reference>/recapitulatif/", referent.recap, name="recap"),
    path("dossiers/<str:reference>/transmettre/", referent.transmit, name="transmit"),
    path("dossiers/<str:reference>/recepisse/<int:number>.pdf", referent.receipt, name="receipt"),
    path("dossiers/<str:reference>/pieces/<uuid:public_id>/", files.own_file, name="file"),
    path("dossiers/<str:reference>/modeles/<slug:code>/", files.template_file, name="template-file"),
    path("instruction/", instruction.index, name="instruction-list"),
    path("instruction/<str:reference>/", instruction.detail, name="instruction-dossier"),
    path("instruction/<str:reference>/modification/", instruction.request_modification, name="request-modification"),
    path("instruction/<str:reference>/validation/", instruction.validate, name="validate"),
    path("instruction/<str:reference>/rejet/", instruction.reject, name="reject"),
    path("instruction/<str:reference>/reouverture/", instruction.reopen, name="reopen"),
    path("instruction/<str:reference>/pieces/<uuid:public_id>/", files.instructed_file, name="instructed-file"),
]
