"""FINESS data in the admin: searched, filtered, read; only the imports write it (E3)."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from ecare import french
from establishments import finess, queries, register
from establishments.enums import EstablishmentType
from establishments.models import (
    Category,
    Departement,
    GeographicEntity,
    HospitalGroup,
    ImportRun,
    LegalEntity,
    LegalStatus,
    Region,
    RegisterChange,
)

# The rest is one click away, in the list of changes.
MOST_CHANGES_SHOWN = 20


def told(change: RegisterChange, *, of: LegalEntity | None = None) -> str:
    """A change in one line, with its day; the EG is named on the page of an EJ."""
    day = f"{french.day(change.day)}\u00a0: " if change.day else ""
    subject = f"{change.site}\u00a0: " if of and change.site else ""
    return f"{day}{subject}{change.sentence}"


class ReadOnly(admin.ModelAdmin):
    """Seen by administrators, changed by nobody."""

    list_per_page = 50
    # Counting a whole table to say « sur 174 000 » costs more than the page.
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class KindFilter(admin.SimpleListFilter):
    title = "type d'établissement"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.value, kind.label) for kind in EstablishmentType]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(kinds__contains=[self.value()]) if self.value() else queryset


class RegionFilter(admin.SimpleListFilter):
    """The région of the address or of a site, as in the picker."""

    title = "région"
    parameter_name = "region"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(region.code, region.name) for region in queries.regions()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(region_codes__contains=[self.value()]) if self.value() else queryset


@admin.register(LegalEntity)
class LegalEntityAdmin(ReadOnly):
    list_display = ("finess", "display_name", "city", "departement", "offered_as", "is_active")
    list_display_links = ("finess", "display_name")
    list_filter = (KindFilter, RegionFilter, "is_active")
    list_select_related = ("departement",)
    search_fields = ("finess",)
    search_help_text = "Numéro FINESS ou son début, mots de la raison sociale dans n'importe quel ordre"
    fields = (
        "finess",
        "name",
        "long_name",
        "legal_status",
        "siren",
        "address",
        "postal_code",
        "city",
        "departement",
        "regions",
        "offered_as",
        "is_active",
        "closed_on",
        "extracted_on",
        "history",
    )

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """The number names an entity in forms (`admin_fields`)."""
        return to_field == "finess" or super().to_field_allowed(request, to_field)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        return (queries.matching(queryset, search_term) if search_term.strip() else queryset), False

    @admin.display(description="raison sociale", ordering="sort_name")
    def display_name(self, entity: LegalEntity) -> str:
        return entity.display_name

    @admin.display(description="proposée comme")
    def offered_as(self, entity: LegalEntity) -> str:
        return ", ".join(EstablishmentType(kind).label for kind in entity.kinds) or "–"

    @admin.display(description="régions")
    def regions(self, entity: LegalEntity) -> str:
        return ", ".join(region.name for region in queries.regions() if region.code in entity.region_codes) or "–"

    @admin.display(description="derniers changements dans FINESS")
    def history(self, entity: LegalEntity) -> str:
        changes = register.changes_of_entity(entity)[:MOST_CHANGES_SHOWN]
        return "\n".join(told(change, of=entity) for change in changes) or "Aucun depuis notre premier import"


@admin.register(GeographicEntity)
class GeographicEntityAdmin(ReadOnly):
    list_display = ("finess", "display_name", "legal_entity", "category", "city", "departement", "is_active")
    list_display_links = ("finess", "display_name")
    list_filter = (
        "is_active",
        "category__is_essms",
        "category__is_sanitary",
        ("region", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("legal_entity", "category", "departement")
    ordering = ("finess",)
    search_fields = ("finess",)
    search_help_text = "Numéro FINESS (EG ou EJ) ou son début, mots du nom du site, mots de la raison sociale de l'EJ"
    fields = (
        "finess",
        "legal_entity",
        "name",
        "long_name",
        "category",
        "siret",
        "address",
        "postal_code",
        "city",
        "departement",
        "region",
        "opened_on",
        "is_active",
        "closed_on",
        "extracted_on",
        "attachments",
        "history",
    )

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        if not (text := search_term.strip()):
            return queryset, False
        number = finess.normalise_number(text)
        if finess.is_beginning(number):
            return queryset.filter(Q(finess__startswith=number) | Q(legal_entity__finess__startswith=number)), False
        named = Q()
        for word in text.upper().split():  # FINESS writes the names of sites in capitals
            named &= Q(name__contains=word)
        of_entity = queries.matching(LegalEntity.objects.all(), text).order_by().values("pk")
        return queryset.filter(named | Q(legal_entity__in=of_entity)), False

    @admin.display(description="raison sociale", ordering="name")
    def display_name(self, site: GeographicEntity) -> str:
        return site.display_name

    @admin.display(description="rattachements successifs")
    def attachments(self, site: GeographicEntity) -> str:
        lines = []
        for each in register.attachments(site):
            since = f"depuis le {french.day(each.since)}" if each.since else "depuis notre premier import ou avant"
            until = f", jusqu'au {french.day(each.until)}" if each.until else ""
            lines.append(f"{each.legal_entity}\u00a0: {since}{until}")
        return "\n".join(lines)

    @admin.display(description="derniers changements dans FINESS")
    def history(self, site: GeographicEntity) -> str:
        changes = register.described().filter(site=site)[:MOST_CHANGES_SHOWN]
        return "\n".join(told(change) for change in changes) or "Aucun depuis notre premier import"


@admin.register(RegisterChange)
class RegisterChangeAdmin(ReadOnly):
    list_display = ("day", "kind", "subject", "sentence")
    list_display_links = ("day", "subject")
    list_filter = ("kind", "day")
    list_select_related = ("legal_entity", "site", "from_entity", "to_entity")
    search_fields = ("finess",)
    search_help_text = "Numéro FINESS (EJ ou EG) entier"
    fields = ("day", "kind", "subject", "sentence", "effective_on", "run", "recorded_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        """By number: of the EJ or the EG, of the EJ that an EG left or joined."""
        if not (number := finess.normalise_number(search_term)):
            return queryset, False
        entity = LegalEntity.objects.filter(finess=number).values("pk")
        concerned = Q(legal_entity__in=entity) | Q(from_entity__in=entity) | Q(to_entity__in=entity)
        return queryset.filter(
            concerned | Q(site__in=GeographicEntity.objects.filter(finess=number).values("pk"))
        ), False

    @admin.display(description="entité")
    def subject(self, change: RegisterChange) -> str:
        return str(change.legal_entity or change.site)

    @admin.display(description="changement")
    def sentence(self, change: RegisterChange) -> str:
        return change.sentence


@admin.register(HospitalGroup)
class HospitalGroupAdmin(ReadOnly):
    list_display = ("name", "support", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("support",)
    search_fields = ("name", "support__name", "support__finess")
    fields = ("name", "code", "number", "support", "members", "is_active")


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnly):
    list_display = ("started_at", "status", "described", "read", "created", "updated", "closed", "rejected")
    list_filter = ("status", "started_at")
    fields = (
        "started_at",
        "finished_at",
        "status",
        "described",
        "message",
        "read",
        "created",
        "updated",
        "closed",
        "rejected",
        "by_nature",
        "history",
        "rejected_rows",
    )

    @admin.display(description="fichiers")
    def described(self, run: ImportRun) -> str:
        return "\n".join(run.described_files)

    @admin.display(description="détail par nature")
    def by_nature(self, run: ImportRun) -> str:
        return "\n".join(run.described_counts) or "–"

    @admin.display(description="changements dans FINESS")
    def history(self, run: ImportRun) -> str:
        """How many it wrote, and the way to them."""
        if not (changes := run.changes.count()):
            return "Aucun"
        address = reverse("admin:establishments_registerchange_changelist")
        shown = french.count(changes, "changement", "changements")
        return format_html('<a href="{}?run__id__exact={}">{}</a>', address, run.pk, shown)

    @admin.display(description="lignes rejetées")
    def rejected_rows(self, run: ImportRun) -> str:
        rows = [f"{row['file']}, {row['place']}\u00a0: {row['reason']}" for row in run.rejections]
        if len(rows) < run.rejected:
            rows.append(f"… et {french.integer(run.rejected - len(rows))} autres.")
        return "\n".join(rows) or "Aucune"


@admin.register(Category)
class CategoryAdmin(ReadOnly):
    list_display = ("code", "label", "domain", "essms_reading", "is_sanitary")
    list_filter = ("domain", "essms_reading", "is_sanitary")
    search_fields = ("=code", "label", "short_label")
    list_per_page = 400


@admin.register(LegalStatus)
class LegalStatusAdmin(ReadOnly):
    list_display = ("code", "label")
    search_fields = ("=code", "label")


@admin.register(Region)
class RegionAdmin(ReadOnly):
    list_display = ("code", "name")
    search_fields = ("=code", "name")


@admin.register(Departement)
class DepartementAdmin(ReadOnly):
    list_display = ("code", "name", "region", "finess_code")
    list_filter = ("region",)
    list_select_related = ("region",)
    search_fields = ("=code", "name")
    list_per_page = 200
