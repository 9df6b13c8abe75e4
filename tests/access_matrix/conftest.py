import pytest

from tests.access_matrix.scene import Scene, build


@pytest.fixture
def scene(db: None) -> Scene:
    return build()
