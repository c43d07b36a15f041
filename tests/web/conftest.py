"""An application to wrap in WSGI layers."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

Environ = dict[str, Any]


class Inner:
    """The wrapped application: records its environs."""

    def __init__(self) -> None:
        self.asked: list[Environ] = []

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(dict(environ))
        start_response("200 OK", [])
        return [b"answer"]


@pytest.fixture
def inner() -> Inner:
    return Inner()
