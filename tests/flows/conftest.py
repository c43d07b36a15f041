"""What flows run against: another blog, and a site behind nginx."""

from collections.abc import Iterator

import pytest

from tests.support.front import Front, running_front
from tests.support.serving import Blog


@pytest.fixture
def blog() -> Iterator[Blog]:
    blog = Blog()
    yield blog
    blog.close()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with running_front(tmp_path_factory.mktemp("front")) as front:
        yield front
