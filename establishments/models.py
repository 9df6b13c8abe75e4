"""FINESS: régions, categories, legal entities (EJ), their sites (EG), hospital groups, and how they were imported.

Nothing here is written by hand: `import_finess` and `load_reference` are the only writers.
"""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from ecare import french
from establishments import finess
from establishments.enums import ChangeKind, Domain, EssmsReading, EstablishmentType, ImportStatus

NAME_UNKNOWN = "Raison sociale inconnue"
GCSMS_STATUSES = frozenset({"30", "66"})


def shown_name(name: str, long_name: str) -> str:
    """How an EJ or an EG is called, some of which FINESS does not name."""
    return name or long_name or NAME_UNKNOWN


class Region(models.Model):
    code = models.CharField("code INSEE", max_length=3, primary_key=True)
    name = models.CharField("nom", max_length=60, unique=True)

    class Meta:
        verbose_name = "région"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Departement(models.Model):
    code = models.CharField("code INSEE", max_length=3, primary_key=True)
    name = models.CharField("nom", max_length=60)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="région", related_name="departements")
    finess_code = models.CharField("code dans les anciens fichiers FINESS", max_length=2, db_index=True)

    class Meta:
        verbose_name = "département"
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Category(models.Model):
    """A category of site, from the official nomenclature."""

    code = models.CharField("code", max_length=4, primary_key=True)
    label = models.CharField("libellé", max_length=200)
    short_label = models.CharField("libellé court", max_length=60, blank=True)
    domain = models.CharField("domaine", max_length=3, choices=Domain, blank=True)
    is_essms = models.BooleanField("ESSMS (article L.312-1 CASF)", default=False)
    essms_reading = models.CharField("lecture de l'article L.312-1", max_length=10, choices=EssmsReading, default="non")
    is_sanitary = models.BooleanField("établissement de santé", default=False)

    class Meta:
        verbose_name = "catégorie d'établissement"
        verbose_name_plural = "catégories d'établissement"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="category_essms_reading",
                condition=Q(is_essms=True, essms_reading="oui") | Q(is_essms=False) & ~Q(essms_reading="oui"),
                violation_error_message="Une catégorie est ESSMS quand sa lecture est « Oui », et seulement alors.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} – {self.label}"


class LegalStatus(models.Model):
    code = models.CharField("code", max_length=2, primary_key=True)
    label = models.CharField("libellé", max_length=120)

    class Meta:
        verbose_name = "statut juridique"
        verbose_name_plural = "statuts juridiques"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.label


class LegalEntityQuerySet(models.QuerySet["LegalEntity"]):
    def active(self) -> "LegalEntityQuerySet":
        return self.filter(is_active=True)

    def offered(self, kind: str, region_code: str) -> "LegalEntityQuerySet":
        """What the picker may offer for a type of establishment and a région."""
        return self.filter(kinds__contains=[kind], region_codes__contains=[region_code])


class LegalEntity(models.Model):
    """An EJ. `kinds`, `region_codes` and the search columns are worked out by the import."""

    finess = models.CharField("FINESS EJ", max_length=9, unique=True)
    name = models.CharField("raison sociale", max_length=200, blank=True)
    long_name = models.CharField("raison sociale longue", max_length=250, blank=True)
    legal_status = models.ForeignKey(
        LegalStatus,
        models.PROTECT,
        verbose_name="statut juridique",
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    siren = models.CharField("SIREN", max_length=9, blank=True)
    address = models.CharField("adresse", max_length=250, blank=True)
    postal_code = models.CharField("code postal", max_length=5, blank=True)
    city = models.CharField("commune", max_length=100, blank=True)
    departement = models.ForeignKey(
        Departement, models.PROTECT, verbose_name="département", null=True, blank=True, related_name="+", db_index=False
    )
    # Copied from the département, whose own key the database checks: a second check of 272,000 rows says no more.
    region = models.ForeignKey(
        Region,
        models.PROTECT,
        verbose_name="région",
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    is_active = models.BooleanField("ouverte", default=True)
    closed_on = models.DateField("fermée le", null=True, blank=True)
    region_codes = ArrayField(
        models.CharField(max_length=3),
        verbose_name="régions",
        default=list,
        blank=True,
        help_text="La région de son adresse et celles de ses entités géographiques ouvertes.",
    )
    kinds = ArrayField(
        models.CharField(max_length=5, choices=EstablishmentType),
        verbose_name="proposée comme",
        default=list,
        blank=True,
    )
    sort_name = models.CharField("clé de tri", max_length=250, blank=True, editable=False, db_collation="C")
    search_text = models.TextField("mots recherchés", blank=True, editable=False, db_collation="C")
    search_town = models.TextField(
        "commune recherchée", blank=True, editable=False, db_collation="C", default="", db_default=""
    )
    words = models.TextField(
        "mots recherchés, sites compris",
        blank=True,
        editable=False,
        db_collation="C",
        db_default="",
        help_text=(
            "`search_text` et la commune, puis une ligne par site ouvert\u00a0: ce que ses noms et sa commune "
            "ajoutent, et son numéro après un croisillon."
        ),
    )
    extracted_on = models.DateField("décrite par l'extraction du", null=True, blank=True)

    objects = LegalEntityQuerySet.as_manager()
    found_sites: "tuple[GeographicEntity, ...]" = ()
    """The sites by whose name, town or number a search found the entity, when its own do not hold what was typed; its
    first ones when its name is unknown."""

    class Meta:
        verbose_name = "entité juridique"
        verbose_name_plural = "entités juridiques"
        ordering = ["sort_name", "finess"]
        indexes = [
            GinIndex(
                F("region_codes"),
                F("kinds"),
                OpClass(F("words"), name="gin_trgm_ops"),
                name="legal_entity_picker",
            ),
            models.Index(fields=["sort_name", "finess"], name="legal_entity_order"),
        ]
        constraints = [
            models.CheckConstraint(
                name="legal_entity_finess_shape",
                condition=Q(finess__regex=finess.SHAPE),
                violation_error_message="Un numéro FINESS compte 9 caractères, par exemple 010000255.",
            ),
            models.CheckConstraint(
                name="legal_entity_open_or_closed",
                condition=Q(is_active=False) | Q(closed_on__isnull=True),
                violation_error_message="Une entité juridique ouverte n'a pas de date de fermeture.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def display_name(self) -> str:
        """5,662 EJ of the 2021 extract have no published name: their number still identifies them."""
        return shown_name(self.name, self.long_name)

    @property
    def label(self) -> str:
        return f"{self.display_name} ({self.finess})"

    @property
    def is_gcsms(self) -> bool:
        """FINESS has no « organisme gestionnaire »; GCSMS are the EJ of legal status 30 or 66."""
        return self.legal_status_id in GCSMS_STATUSES


class GeographicEntityQuerySet(models.QuerySet["GeographicEntity"]):
    def active(self) -> "GeographicEntityQuerySet":
        return self.filter(is_active=True)

    def essms(self) -> "GeographicEntityQuerySet":
        return self.filter(category__is_essms=True)


class GeographicEntity(models.Model):
    """An EG, a site. It may move to another EJ between two extracts: who depends on it keeps a copy."""

    finess = models.CharField("FINESS EG", max_length=9, unique=True)
    legal_entity = models.ForeignKey(LegalEntity, models.PROTECT, verbose_name="entité juridique", related_name="sites")
    name = models.CharField("raison sociale", max_length=200, blank=True)
    long_name = models.CharField("raison sociale longue", max_length=250, blank=True)
    category = models.ForeignKey(
        Category, models.PROTECT, verbose_name="catégorie", null=True, related_name="+", db_index=False
    )
    siret = models.CharField("SIRET", max_length=14, blank=True)
    address = models.CharField("adresse", max_length=250, blank=True)
    postal_code = models.CharField("code postal", max_length=5, blank=True)
    city = models.CharField("commune", max_length=100, blank=True)
    departement = models.ForeignKey(
        Departement, models.PROTECT, verbose_name="département", null=True, blank=True, related_name="+", db_index=False
    )
    # Copied from the département, whose own key the database checks: a second check of 272,000 rows says no more.
    region = models.ForeignKey(
        Region,
        models.PROTECT,
        verbose_name="région",
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    opened_on = models.DateField("ouverte le", null=True, blank=True)
    is_active = models.BooleanField("ouverte", default=True)
    closed_on = models.DateField("fermée le", null=True, blank=True)
    search_text = models.TextField(
        "mots recherchés",
        blank=True,
        editable=False,
        db_collation="C",
        default="",
        db_default="",
        help_text="Ses noms et sa commune\u00a0: sa ligne dans les mots de son entité juridique.",
    )
    extracted_on = models.DateField("décrite par l'extraction du", null=True, blank=True)

    objects = GeographicEntityQuerySet.as_manager()

    class Meta:
        verbose_name = "entité géographique"
        verbose_name_plural = "entités géographiques"
        ordering = ["name", "finess"]
        constraints = [
            models.CheckConstraint(
                name="geographic_entity_finess_shape",
                condition=Q(finess__regex=finess.SHAPE),
                violation_error_message="Un numéro FINESS compte 9 caractères, par exemple 010000255.",
            ),
            models.CheckConstraint(
                name="geographic_entity_open_or_closed",
                condition=Q(is_active=False) | Q(closed_on__isnull=True),
                violation_error_message="Une entité géographique ouverte n'a pas de date de fermeture.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.display_name} ({self.finess})"

    @property
    def display_name(self) -> str:
        return shown_name(self.name, self.long_name)

    @property
    def is_essms(self) -> bool:
        """Under article L.312-1 CASF: reads the category, to be fetched with the site."""
        return self.category is not None and self.category.is_essms


class HospitalGroup(models.Model):
    """A GHT, read from the `gcc` of the FINESS+ file. Its supporting establishment stands for it."""

    code = models.CharField("identifiant FINESS+", max_length=20, unique=True)
    number = models.CharField("numéro de groupe", max_length=20, blank=True)
    name = models.CharField("nom", max_length=200)
    support = models.ForeignKey(
        LegalEntity,
        models.PROTECT,
        verbose_name="établissement support",
        null=True,
        blank=True,
        related_name="supported_groups",
    )
    members = models.ManyToManyField(
        LegalEntity, verbose_name="établissements membres, support compris", related_name="hospital_groups"
    )
    is_active = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "groupement hospitalier de territoire"
        verbose_name_plural = "groupements hospitaliers de territoire"
        ordering = ["name", "code"]

    def __str__(self) -> str:
        return f"GHT {self.name}"


class SearchWord(models.Model):
    """Every word of the legal entities' names, made again by each import: what a typo is compared with."""

    word = models.CharField("mot", max_length=250, primary_key=True, db_collation="C")
    uses = models.PositiveIntegerField("emplois")

    class Meta:
        verbose_name = "mot des raisons sociales"
        verbose_name_plural = "mots des raisons sociales"

    def __str__(self) -> str:
        return self.word


class Spelling(models.Model):
    """By which rules the search columns are spelt now; one row at most. Other rules spell them again."""

    only = models.BooleanField(primary_key=True, default=True, editable=False)
    rules = models.CharField("empreinte des règles", max_length=64)
    spelt_at = models.DateTimeField("appliquées le", auto_now=True)

    class Meta:
        verbose_name = "orthographe de recherche"
        verbose_name_plural = "orthographe de recherche"
        constraints = [models.CheckConstraint(name="spelling_is_alone", condition=Q(only=True))]

    def __str__(self) -> str:
        return self.rules


class ImportRun(models.Model):
    """One run of `import_finess` or `load_reference`, refused ones included."""

    started_at = models.DateTimeField("commencé le", default=timezone.now)
    finished_at = models.DateTimeField("terminé le", null=True, blank=True)
    status = models.CharField("résultat", max_length=10, choices=ImportStatus)
    files = models.JSONField("fichiers", default=list)
    read = models.PositiveIntegerField("lues", default=0)
    created = models.PositiveIntegerField("créées", default=0)
    updated = models.PositiveIntegerField("modifiées", default=0)
    closed = models.PositiveIntegerField("fermées", default=0)
    rejected = models.PositiveIntegerField("rejetées", default=0)
    counts = models.JSONField("détail par nature", default=dict)
    rejections = models.JSONField("lignes rejetées", default=list)
    message = models.TextField("message", blank=True)
    fingerprint = models.CharField("empreinte des données après l'import", max_length=32, blank=True, editable=False)

    class Meta:
        verbose_name = "import FINESS"
        verbose_name_plural = "imports FINESS"
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"Import n° {self.pk}"

    @property
    def described_files(self) -> list[str]:
        """« cs1100501.csv : cs1100501 (entités juridiques), extraction du 13 août 2026 », one a file."""
        described = []
        for file in self.files:
            format_ = f"\u00a0: {file['format']}" if file.get("format") else ""
            on = file.get("extracted_on")
            day = f", extraction du {french.day(date.fromisoformat(on))}" if on else ""
            described.append(f"{file['name']}{format_}{day}")
        return described

    @property
    def described_counts(self) -> list[str]:
        """What changed, one line for the EJ, one for the EG, one for the GHT."""
        nouns = {"entities": "entités juridiques", "sites": "entités géographiques", "groups": "GHT"}
        text = "{noun}\u00a0: créations {created}, modifications {updated}, fermetures {closed}"
        return [text.format(noun=noun, **self.counts[part]) for part, noun in nouns.items() if part in self.counts]


class RegisterChange(models.Model):
    """One move, renaming, closing or reopening of an EJ or an EG, as an import wrote it. Never updated, never deleted.

    With the present row, it tells who was attached to what, when: see `queries.attachments`.
    """

    run = models.ForeignKey(ImportRun, models.PROTECT, verbose_name="import", related_name="changes")
    recorded_at = models.DateTimeField("écrit le")
    day = models.DateField("constaté par l'extraction du", null=True)
    kind = models.CharField("nature", max_length=10, choices=ChangeKind)
    legal_entity = models.ForeignKey(
        LegalEntity, models.PROTECT, verbose_name="entité juridique", null=True, related_name="changes"
    )
    site = models.ForeignKey(
        GeographicEntity, models.PROTECT, verbose_name="entité géographique", null=True, related_name="changes"
    )
    from_name = models.CharField("raison sociale d'avant", max_length=250, blank=True)
    to_name = models.CharField("raison sociale d'après", max_length=250, blank=True)
    from_entity = models.ForeignKey(
        LegalEntity, models.PROTECT, verbose_name="quittée", null=True, related_name="departures"
    )
    to_entity = models.ForeignKey(
        LegalEntity, models.PROTECT, verbose_name="rejointe", null=True, related_name="arrivals"
    )
    effective_on = models.DateField("à la date du", null=True, help_text="Pour une fermeture, quand FINESS la donne.")

    class Meta:
        verbose_name = "changement dans FINESS"
        verbose_name_plural = "changements dans FINESS"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="register_change_kind_known", condition=Q(kind__in=ChangeKind.values)),
            models.CheckConstraint(
                name="register_change_of_one",
                condition=Q(legal_entity__isnull=True, site__isnull=False)
                | Q(legal_entity__isnull=False, site__isnull=True),
                violation_error_message="Un changement touche une entité juridique ou une entité géographique.",
            ),
            models.CheckConstraint(
                name="register_change_move",
                condition=Q(
                    kind=ChangeKind.MOVED, site__isnull=False, from_entity__isnull=False, to_entity__isnull=False
                )
                | ~Q(kind=ChangeKind.MOVED) & Q(from_entity__isnull=True, to_entity__isnull=True),
                violation_error_message="Une entité géographique quitte une entité juridique pour une autre.",
            ),
            models.CheckConstraint(
                name="register_change_names",
                condition=Q(kind=ChangeKind.RENAMED) & ~Q(from_name="")
                | ~Q(kind=ChangeKind.RENAMED) & Q(from_name="", to_name=""),
                violation_error_message="Un changement de raison sociale donne celle d'avant.",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """« Rattachée à FONDATION (010000255), et non plus à CROIX-ROUGE (750721334) », in French, without its day."""
        match self.kind:
            case ChangeKind.MOVED:
                return f"Rattachée à {self.to_entity}, et non plus à {self.from_entity}"
            case ChangeKind.RENAMED:
                return (
                    f"Renommée «\u00a0{self.to_name or NAME_UNKNOWN}\u00a0», auparavant «\u00a0{self.from_name}\u00a0»"
                )
            case ChangeKind.CLOSED:
                return f"Fermée le {french.day(self.effective_on)}" if self.effective_on else "Fermée"
            case _:
                return "Rouverte"
