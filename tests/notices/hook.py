"""A receiver of webhooks: a real server elsewhere, which checks signatures."""

import hmac
import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.elsewhere import ElsewhereServer, Received
from tests.support.subscribers import say

SECRET = b"s3cret"


class Hook(ElsewhereServer):
    """Answers as `answer` says; `events` are the bodies that it got, as JSON."""

    def __init__(self, host: str = "127.0.2.9") -> None:
        self.answer: Callable[[BaseHTTPRequestHandler, Received], None] = say(204)
        super().__init__(host, lambda handler, received: self.answer(handler, received))

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(received.body) for received in self.requests]

    @property
    def kinds(self) -> list[str]:
        return [event["event"] for event in self.events]


def is_signed(received: Received) -> bool:
    """As a receiver checks it that knows the secret alone."""
    found = re.fullmatch(r"t=([0-9]+),sha256=([0-9a-f]{64})", received.headers["X-Feedserver-Signature"])
    assert found
    expected = hmac.digest(SECRET, found[1].encode() + b"." + received.body, "sha256").hex()
    return hmac.compare_digest(expected, found[2])
