"""FINESS data in the admin: searched, filtered, read; only the imports write it (E3)."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ecare import french
from establishments import finess, queries
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
)


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
    )

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
        "rejected_rows",
    )

    @admin.display(description="fichiers")
    def described(self, run: ImportRun) -> str:
        return "\n".join(run.described_files)

    @admin.display(description="détail par nature")
    def by_nature(self, run: ImportRun) -> str:
        return "\n".join(run.described_counts) or "–"

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
