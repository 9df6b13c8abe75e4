"""What an EJ does, as the register has it today: of what kind its open EG are, and which GHT it belongs to."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max, Q

from establishments.enums import ImportStatus
from establishments.models import GeographicEntity, HospitalGroup, ImportRun


@dataclass
class Activity:
    """Open EG by kind, and the names of the GHT."""

    sanitary: int = 0
    essms: int = 0
    groups: list[str] = field(default_factory=list)

    @property
    def is_mainly_sanitary(self) -> bool:
        """More establishments of health than ESSMS among its open EG: our reading of « à dominante sanitaire »."""
        return self.sanitary > self.essms


def activities(numbers: Collection[str]) -> dict[str, Activity]:
    """What these EJ do, by FINESS number: 2 queries."""
    found = {number: Activity() for number in numbers}
    sites = GeographicEntity.objects.active().filter(legal_entity__finess__in=numbers).order_by()
    for number, sanitary, essms in sites.values_list("legal_entity__finess").annotate(
        sanitary=Count("pk", filter=Q(category__is_sanitary=True, category__is_essms=False)),
        essms=Count("pk", filter=Q(category__is_essms=True)),
    ):
        found[number].sanitary, found[number].essms = sanitary, essms
    groups = HospitalGroup.objects.filter(is_active=True, members__finess__in=numbers).order_by("name")
    for number, name in groups.values_list("members__finess", "name"):
        if number in found:
            found[number].groups.append(name)
    return found


def essms_now(numbers: Collection[str]) -> dict[str, bool]:
    """Whether each of these EG is an ESSMS for the register today: 1 query. Those it does not know are left out."""
    sites = GeographicEntity.objects.filter(finess__in=numbers)
    return {number: bool(essms) for number, essms in sites.values_list("finess", "category__is_essms")}


def last_change() -> datetime | None:
    """When the last import that may have changed the register ended: 1 query."""
    runs = ImportRun.objects.filter(status=ImportStatus.DONE)
    latest: datetime | None = runs.aggregate(Max("finished_at"))["finished_at__max"]
    return latest
