import pytest

from tests.establishments.factories import GeographicEntityFactory, LegalEntityFactory


@pytest.fixture
def legal_entity():
    entity = LegalEntityFactory(name="DOMINO SERVICES 94")
    for name in ("SAAD AAVS", "SAADF AAVS"):
        GeographicEntityFactory(legal_entity=entity, name=name)
    return entity
