from django.urls import path

from funding.views import (
    agreements,
    controls,
    envelopes,
    expense_imports,
    expenses,
    expenses_desk,
    instruction,
    mending,
    objectives,
    payment_imports,
    payments,
    referent,
    retex,
    simulator,
)

app_name = "funding"
urlpatterns = [
    path("simulateur/", simulator.simulator, name="simulator"),
    path("conventions/<str:token>/", agreements.to_sign, name="agreement-to-sign"),
    path("dossiers/<reference:reference>/subvention/", referent.subsidy, name="own-subsidy"),
    path("dossiers/<reference:reference>/subvention/convention.pdf", referent.agreement, name="own-agreement"),
    path("dossiers/<reference:reference>/subvention/convention/", referent.sign, name="sign-agreement"),
    path("dossiers/<reference:reference>/subvention/depenses/", expenses.index, name="own-expenses"),
    path("dossiers/<reference:reference>/subvention/depenses/ajout/", expenses.add, name="add-expenses"),
    path("dossiers/<reference:reference>/subvention/depenses/<uuid:line>/", expenses.change, name="change-expense"),
    path("dossiers/<reference:reference>/subvention/depenses/import/", expense_imports.choose, name="import-expenses"),
    path(
        "dossiers/<reference:reference>/subvention/depenses/import/resume/",
        expense_imports.review,
        name="review-expenses",
    ),
    path(
        "dossiers/<reference:reference>/subvention/depenses/modele/<slug:format>/",
        expense_imports.template,
        name="expenses-template",
    ),
    path(
        "dossiers/<reference:reference>/subvention/depenses/<uuid:line>/retrait/",
        expenses.remove,
        name="remove-expense",
    ),
    path("instruction/<reference:reference>/objectifs/<slug:code>/", objectives.decide, name="decide-objective"),
    path("dossiers/<reference:reference>/subvention/controle/", controls.own_control, name="own-control"),
    path("subventions/", instruction.index, name="subsidies"),
    path("subventions/enveloppes/", envelopes.index, name="envelopes"),
    path("depenses/retex/", retex.export, name="retex"),
    path("paiements/", payments.index, name="payments"),
    path("paiements/import/", payment_imports.payments, name="import-payments"),
    path("paiements/export/<slug:format>/", payments.export, name="export-payments"),
    path("instruction/<reference:reference>/subvention/versements/", payments.schedule, name="schedule"),
    path("instruction/<reference:reference>/subvention/versements/recalcul/", mending.mend, name="mend"),
    path("instruction/<reference:reference>/subvention/versements/<int:number>/", payments.payment, name="payment"),
    path("instruction/<reference:reference>/subvention/controle/", controls.control, name="control"),
    path(
        "instruction/<reference:reference>/subvention/controle/<uuid:public_id>/", controls.piece, name="control-piece"
    ),
    path("instruction/<reference:reference>/subvention/", instruction.subsidy, name="subsidy"),
    path("instruction/<reference:reference>/subvention/accord/", instruction.grant, name="grant"),
    path("instruction/<reference:reference>/subvention/convention/", instruction.send_agreement, name="send-agreement"),
    path("instruction/<reference:reference>/subvention/convention.pdf", instruction.agreement, name="agreement"),
    path("instruction/<reference:reference>/subvention/exemplaire/", instruction.signed_copy, name="signed-copy"),
    path(
        "instruction/<reference:reference>/subvention/exemplaire/controle/",
        instruction.check_agreement,
        name="check-agreement",
    ),
    path("instruction/<reference:reference>/subvention/depenses/", expenses_desk.index, name="expenses"),
    path("instruction/<reference:reference>/subvention/depenses/cloture/", expenses_desk.close, name="close-expenses"),
    path(
        "instruction/<reference:reference>/subvention/depenses/<uuid:line>/<slug:piece>/",
        expenses_desk.piece,
        name="expense-file",
    ),
]
