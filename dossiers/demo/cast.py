"""Who is in the demonstration, and which dossier stands where."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.enums import Role
from dossiers.demo import answers
from dossiers.enums import Status
from dossiers.kinds import Raw
from establishments.enums import EstablishmentType

PASSWORD = "tulipe-tracteur-violon"  # noqa: S105 – published in the README: it opens nothing but examples


@dataclass(frozen=True)
class Person:
    """One account. `entities` are the EJ represented, the one of the registration first."""

    username: str
    civility: str
    first_name: str
    last_name: str
    role: Role
    title: str
    to_try: str
    entities: tuple[str, ...] = ()
    #: What these EJ are registered as.
    kind: EstablishmentType = EstablishmentType.ESSMS
    region: str = ""
    accepts_terms: bool = True

    @property
    def email(self) -> str:
        return f"{self.username}@exemple.fr"


PEOPLE = (
    Person(
        "camille.moreau",
        "madame",
        "Camille",
        "Moreau",
        Role.REFERENT,
        "Référente",
        "un brouillon à compléter ou à transférer",
        entities=("010000255", "750719239"),
    ),
    Person(
        "karim.benali",
        "monsieur",
        "Karim",
        "Benali",
        Role.REFERENT,
        "Référent, son collègue",
        "une modification demandée",
        entities=("010000255", "010000339", "380792366"),
    ),
    Person(
        "helene.payet",
        "madame",
        "Hélène",
        "Payet",
        Role.REFERENT,
        "Référente, 5 établissements",
        "quatre statuts, un dossier à créer",
        entities=("970302477", "060020443", "2B0000269", "970407821", "010783009"),
    ),
    Person(
        "jeanne.lefevre",
        "madame",
        "Jeanne",
        "Lefèvre",
        Role.REFERENT,
        "Référente, 1re connexion",
        "les CGU à accepter, un premier dossier",
        entities=("750721334",),
        accepts_terms=False,
    ),
    Person(
        "claire.renard",
        "madame",
        "Claire",
        "Renard",
        Role.REFERENT,
        "Référente, 2 hôpitaux",
        "un contrôle à remplir, un score",
        entities=("520780032", "010000156"),
        kind=EstablishmentType.ES,
    ),
    Person(
        "yves.garnier",
        "monsieur",
        "Yves",
        "Garnier",
        Role.REFERENT,
        "Référent d'un GHT",
        "une autoévaluation à finir",
        entities=("210780581",),
        kind=EstablishmentType.GHT,
    ),
    Person(
        "marc.delattre",
        "monsieur",
        "Marc",
        "Delattre",
        Role.REFERENT,
        "Référent, 5 subventions",
        "une convention, un contrôle, un versement",
        entities=("010000404", "010000446", "010000453", "010000974", "010001022"),
    ),
    Person(
        "paul.girard",
        "monsieur",
        "Paul",
        "Girard",
        Role.VERIFIER,
        "Vérificateur ANS",
        "un dossier à points de vigilance",
    ),
    Person(
        "ines.fontaine",
        "madame",
        "Inès",
        "Fontaine",
        Role.REGIONAL,
        "Instructrice régionale (ARS)",
        "les dossiers d'Auvergne-Rhône-Alpes",
        region="84",
    ),
    Person(
        "sophie.laurent",
        "madame",
        "Sophie",
        "Laurent",
        Role.LEAD,
        "Responsable d'instruction",
        "une reprise à décider",
    ),
    Person(
        "thomas.bernard",
        "monsieur",
        "Thomas",
        "Bernard",
        Role.ADMIN,
        "Administrateur",
        "les comptes, les barèmes, les e-mails",
    ),
)


#: A référent who left: his account is closed, and a colleague asks for his dossier.
LEFT = Person(
    "bruno.marchand",
    "monsieur",
    "Bruno",
    "Marchand",
    Role.REFERENT,
    "Référent parti",
    "",
    entities=("750719239",),
)
CLAIMANT = "camille.moreau"
CLAIM = (
    "Bruno Marchand a quitté l'association le mois dernier. J'ai repris ses missions et dois pouvoir répondre aux "
    "demandes de l'instruction."
)


@dataclass(frozen=True)
class Plan:
    """One dossier and the status it is led to. `answers` are put over those of a complete form; for a draft, they are
    all that is typed."""

    referent: str
    finess: str
    status: Status
    answers: dict[str, Raw] = field(default_factory=dict)
    #: Corrected once and transmitted again, so that two transmissions can be compared.
    corrected: bool = False
    #: With several points of vigilance, and files of several kinds.
    doubtful: bool = False
    #: Opened, filled and transmitted that many days ago; what the instruction did, it did today.
    days: int = 0
    #: Whether the verifier has it in charge.
    taken: bool = False


PLANS = (
    Plan("camille.moreau", "010000255", Status.DRAFT, answers=answers.HALF_FILLED),
    Plan("karim.benali", "010000339", Status.TRANSMITTED, doubtful=True, days=1),
    Plan(
        "karim.benali",
        "380792366",
        Status.MODIFICATION_REQUESTED,
        answers={"track": {"value": "2"}},
        days=6,
        taken=True,
    ),
    Plan(
        "helene.payet",
        "970302477",
        Status.TRANSMITTED,
        answers={"track": {"value": "3"}},
        corrected=True,
        days=9,
        taken=True,
    ),
    Plan("helene.payet", "060020443", Status.VALIDATED, answers={"applicant_kind": {"value": "og"}}, days=13),
    Plan("helene.payet", "2B0000269", Status.REJECTED, answers={"applicant_type": {"value": "commercial"}}, days=13),
    Plan("helene.payet", "970407821", Status.DRAFT),
    Plan("bruno.marchand", "750719239", Status.TRANSMITTED, days=20),
)
REQUEST = (
    "Le diagnostic OPSSIMS déposé ne couvre pas toutes vos entités. Complétez-le, puis transmettez à nouveau votre "
    "dossier."
)
REMARKS = {
    "prerequisite_3_files": "Il manque les services à domicile : le diagnostic ne cite que l'hébergement.",
    "contact_signatory": "Vérifiez la fonction : la convention doit être signée par le représentant légal.",
}
REJECTION = "Le prérequis n° 1 n'est pas rempli : aucune des entités candidates n'utilise un logiciel référencé Ségur."


def table() -> str:
    """The accounts, for whoever starts the portal."""
    rows = [("Rôle", "Identifiant", "Mot de passe", "À essayer")]
    rows += [(person.title, person.username, PASSWORD, person.to_try) for person in PEOPLE]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "   ".join([*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]]) for row in rows
    ]
    lines.insert(1, "─" * max(len(line) for line in lines))
    return "\n".join(["Comptes de démonstration (le code de connexion arrive par e-mail) :", "", *lines])
