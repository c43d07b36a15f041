"""An application to wrap in WSGI layers."""

from collections.abc import Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest

Environ = dict[str, Any]


class Inner:
    """The wrapped application: records its environs, and the bodies of requests that have one."""

    def __init__(self) -> None:
        self.asked: list[Environ] = []
        self.bodies: list[bytes] = []

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(dict(environ))
        if isinstance(body := environ.get("wsgi.input"), SpooledTemporaryFile):
            self.bodies.append(body.read())
        start_response("200 OK", [])
        return [b"answer"]


@pytest.fixture
def inner() -> Inner:
    return Inner()
