from django.urls import path, register_converter
from django.urls.converters import StringConverter

from dossiers.views import (
    answers,
    batches,
    comparison,
    decisions,
    desk,
    exports,
    files,
    filling,
    handover,
    history,
    instruction,
    morning,
    papers,
    perimeter,
    public,
    referent,
    shortcuts,
    stages,
    statistics,
    takeovers,
    texts,
    transfer,
    viewer,
)


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
    path("dossiers/reprises/", takeovers.claims, name="claims"),
    path("dossiers/reprises/<uuid:public_id>/retrait/", takeovers.withdraw, name="withdraw-claim"),
    path("dossiers/<reference:reference>/", filling.form, name="form"),
    path("dossiers/<reference:reference>/transferer/", transfer.successors, name="successors"),
    path("dossiers/<reference:reference>/reprises/", takeovers.takeovers, name="takeovers"),
    path(
        "dossiers/<reference:reference>/reprises/<uuid:public_id>/opposition/",
        takeovers.object_to,
        name="object-to-takeover",
    ),
    path("dossiers/<reference:reference>/reponses/<slug:code>/", answers.answer, name="answer"),
    path("dossiers/<reference:reference>/perimetre/<slug:code>/", perimeter.perimeter, name="perimeter"),
    path("dossiers/<reference:reference>/saisie/abandon/", filling.drop_parked, name="drop-parked"),
    path("dossiers/<reference:reference>/comparaison/", comparison.own, name="comparison"),
    path("dossiers/<reference:reference>/recapitulatif/", referent.recap, name="recap"),
    path("dossiers/<reference:reference>/transmettre/", referent.transmit, name="transmit"),
    path("dossiers/<reference:reference>/recepisse/<int:number>.pdf", referent.receipt, name="receipt"),
    path("dossiers/<reference:reference>/historique/", history.history, name="history"),
    path("dossiers/<reference:reference>/dossier.pdf", papers.own_paper, name="paper"),
    path("dossiers/<reference:reference>/pieces/<uuid:public_id>/", files.own_file, name="file"),
    path("dossiers/<reference:reference>/pieces/<uuid:public_id>/voir/", viewer.own_file, name="view-file"),
    path("dossiers/<reference:reference>/pieces/<slug:code>/", files.slot, name="slot"),
    path("dossiers/<reference:reference>/modeles/<slug:code>/", files.template_file, name="template-file"),
    path("dossiers/<reference:reference>/etapes/<slug:stage>/", referent.stage, name="stage"),
    path("dossiers/<reference:reference>/etapes/<slug:stage>/commencer/", referent.start_stage, name="start-stage"),
    path(
        "dossiers/<reference:reference>/etapes/<slug:stage>/recepisse/<int:number>.pdf",
        referent.stage_receipt,
        name="stage-receipt",
    ),
    path("accueil/", morning.index, name="instruction-home"),
    path("instruction/", instruction.index, name="instruction-list"),
    path("instruction/raccourcis/", shortcuts.shortcuts, name="shortcuts"),
    path("statistiques/", statistics.index, name="statistics"),
    path("statistiques/chiffres.csv", statistics.figures, name="statistics-figures"),
    path("instruction/exports/", exports.index, name="exports"),
    path("instruction/exports/nouveau/", exports.create, name="create-export"),
    path("instruction/exports/<uuid:public_id>/", exports.download, name="export-file"),
    path("instruction/exports/<uuid:public_id>/annulation/", exports.cancel, name="cancel-export"),
    path("instruction/lots/", batches.index, name="batches"),
    path("instruction/lots/nouveau/", batches.prepare, name="prepare-batch"),
    path("instruction/lots/<uuid:public_id>/", batches.batch, name="batch"),
    path("instruction/lots/<uuid:public_id>/confirmation/", batches.confirm, name="confirm-batch"),
    path("instruction/lots/<uuid:public_id>/arret/", batches.stop, name="stop-batch"),
    path("instruction/reprises/", handover.takeovers, name="takeovers-to-decide"),
    path("instruction/reprises/<uuid:public_id>/", handover.decide, name="decide-takeover"),
    path("instruction/sans-referent/", handover.ownerless, name="ownerless"),
    path("instruction/textes/", texts.index, name="texts"),
    path("instruction/textes/nouveau/", texts.create, name="create-text"),
    path("instruction/textes/<uuid:public_id>/", texts.edit, name="edit-text"),
    path("instruction/<reference:reference>/referent/", handover.reassign, name="reassign"),
    path("instruction/<reference:reference>/", instruction.detail, name="instruction-dossier"),
    path(
        "instruction/<reference:reference>/modification/", decisions.request_modification, name="request-modification"
    ),
    path("instruction/<reference:reference>/validation/", decisions.validate, name="validate"),
    path("instruction/<reference:reference>/rejet/", decisions.reject, name="reject"),
    path("instruction/<reference:reference>/reouverture/", decisions.reopen, name="reopen"),
    path("instruction/<reference:reference>/etapes/<slug:stage>/", stages.stage, name="instruction-stage"),
    path("instruction/<reference:reference>/etapes/<slug:stage>/ouverture/", stages.call, name="call-stage"),
    path("instruction/<reference:reference>/comparaison/", comparison.instructed, name="instructed-comparison"),
    path("instruction/<reference:reference>/presence/", desk.presence, name="presence"),
    path("instruction/<reference:reference>/prise-en-charge/", desk.take, name="take"),
    path("instruction/<reference:reference>/attribution/", desk.assign, name="assign"),
    path("instruction/<reference:reference>/notes/", desk.note, name="note"),
    path("instruction/<reference:reference>/vigilance/<slug:kind>/", desk.examine, name="examine-flag"),
    path("instruction/<reference:reference>/pieces.zip", desk.files, name="all-files"),
    path("instruction/<reference:reference>/dossier.pdf", papers.instructed_paper, name="instructed-paper"),
    path("instruction/<reference:reference>/pieces/<uuid:public_id>/", files.instructed_file, name="instructed-file"),
    path(
        "instruction/<reference:reference>/pieces/<uuid:public_id>/voir/",
        viewer.instructed_file,
        name="view-instructed-file",
    ),
]
