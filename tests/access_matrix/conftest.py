from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.access_matrix.scene import Scene, build


@pytest.fixture(scope="module")
def built(lasting: Callable[[], AbstractContextManager[None]]) -> Iterator[Scene]:
    with lasting():
        yield build()


@pytest.fixture
def scene(built: Scene, db: None) -> Scene:
    return built
