"""An app that asks for a token, and the page at its address."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import TestResponse

from feedserver.errors import HostUnknown
from feedserver.net.exchange import Request, Response

APP = "https://app.example/"
PAGE = (
    '<link rel="redirect_uri" href="https://elsewhere.example/cb"><link rel="redirect_uri" href="myapp://cb">'
    '<div class="h-app"><a class="u-url p-name" href="/">My App</a></div>'
)
VERIFIER = "x" * 43


@dataclass(slots=True)
class Apps:
    """Pages of apps by address; all others cannot be found. Stands for the guarded way out, and counts its uses."""

    pages: dict[str, Response] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: Request, **_: Any) -> Response:
        self.asked.append(request.url)
        if request.url not in self.pages:
            raise HostUnknown
        return self.pages[request.url]


def challenge_of(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def query(**changes: str | None) -> dict[str, str]:
    """What the app asks; None leaves a parameter out."""
    usual: dict[str, str | None] = {
        "response_type": "code",
        "client_id": APP,
        "redirect_uri": f"{APP}cb",
        "state": "of the app",
        "scope": "create update",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def returned(response: TestResponse) -> dict[str, str]:
    """What an app is led back with."""
    assert response.status_code == 303, response.text
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}
