"""The access log keeps private addresses to those who have them."""

from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from feedserver.server import DiscreetLogger


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/receipts/abc_DEF-123", "/receipts/…"),
        ("/receipts/abc.json", "/receipts/….json"),
        ("/moderation/abc_DEF-123.atom", "/moderation/….atom"),
        ("/below/moderation/abc.atom?x=1", "/below/moderation/….atom?x=1"),
        ("/posts/moderation", "/posts/moderation"),
    ],
)
def test_what_opens_a_private_address_is_not_logged(path: str, logged: str) -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": path,
        "PATH_INFO": path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"http://blog.example{path}",
    }
    answer = SimpleNamespace(status="200 OK", sent=0, headers=[])
    duration = SimpleNamespace(seconds=0, microseconds=0)

    atoms = DiscreetLogger(Config()).atoms(answer, SimpleNamespace(headers=[]), environ, duration)

    assert atoms["r"] == f"GET {logged} HTTP/1.1"
    assert "abc" not in str(atoms)
