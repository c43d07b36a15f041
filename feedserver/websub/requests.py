"""What a reader asks the hub for (WebSub section 5.1; PubSubHubbub 0.3 section 6.1): a form, field by field. Pure.

Strangers read the texts of errors, each of which names its field.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, cast
from urllib.parse import parse_qsl

from feedserver.domains import is_address
from feedserver.errors import SubscriptionUnusable
from feedserver.host_names import DEFAULT_PORTS, host_name
from feedserver.net.address import may_contact
from feedserver.settings import EgressSettings
from feedserver.urls import split_http
from feedserver.websub.model import LEASE, Asked, Mode, bounded_lease

_FIELDS: Final = ("mode", "callback", "topic", "lease_seconds", "secret", "verify_token")  # each after “hub.”
_MAX_FIELDS: Final = 100
_MAX_SECRET: Final = 199  # bytes (WebSub section 5.1)
_MAX_TOKEN: Final = 255  # bytes: it goes into an address
_PLACE: Final = 256  # bytes of a callback
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")  # NUL, and what was no UTF-8
_LONGEST_NUMBER: Final = 9  # digits


@dataclass(frozen=True, slots=True)
class HubRequest:
    """A request whose fields are usable by themselves; whether the topic is ours is not checked yet."""

    callback: str
    topic_url: str
    asked: Asked

    @property
    def places(self) -> int:
        """How many of `limits.subscriptions` it takes: a long callback counts as several, or a full hub would be large.

        Those of feed readers have about a hundred bytes.
        """
        return 1 + len(self.callback.encode()) // _PLACE


def parse(body: bytes) -> HubRequest:
    """Reads the form. Unknown fields are ignored. Raises SubscriptionUnusable."""
    fields = _fields(body)
    mode = fields.get("mode", "")
    if mode not in ("subscribe", "unsubscribe"):
        raise SubscriptionUnusable(
            "hub.mode", "must be subscribe or unsubscribe; this hub knows what is published here"
        )
    for name in ("callback", "topic"):
        if not fields.get(name):
            raise SubscriptionUnusable(f"hub.{name}", "is missing")
    secret, token = fields.get("secret") or None, fields.get("verify_token") or None
    if secret and len(secret.encode()) > _MAX_SECRET:
        raise SubscriptionUnusable("hub.secret", "must be under 200 bytes")
    if token and len(token.encode()) > _MAX_TOKEN:
        raise SubscriptionUnusable("hub.verify_token", f"must be at most {_MAX_TOKEN} bytes")
    lease = bounded_lease(_seconds(fields["lease_seconds"])) if "lease_seconds" in fields else LEASE
    return HubRequest(fields["callback"], fields["topic"], Asked(cast(Mode, mode), lease, secret, token))


def check_callback(callback: str, egress: EgressSettings) -> None:
    """Raises SubscriptionUnusable for a callback that is never contacted.

    What a name resolves to is known when it is contacted.
    """
    parts = split_http(callback)
    if parts is None or "#" in callback:
        raise SubscriptionUnusable(
            "hub.callback", "must be an absolute http or https URL of at most 2,048 bytes, without user and fragment"
        )
    host, port = host_name(parts), parts.port or DEFAULT_PORTS[parts.scheme]
    if egress.ports is not None and port not in egress.ports:
        raise SubscriptionUnusable("hub.callback", "this port is not contacted from here")
    if is_address(host) and not may_contact(ip_address(host), egress.allow):
        raise SubscriptionUnusable("hub.callback", "this address is not contacted from here")


def _fields(body: bytes) -> Mapping[str, str]:
    """The known fields, without “hub.”, each once."""
    try:
        text = body.decode("utf-8", "surrogateescape")
        pairs = parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise SubscriptionUnusable("the form", "has too many fields") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        field = name.removeprefix("hub.")
        if field not in _FIELDS or field == name:
            continue
        if field in found:
            raise SubscriptionUnusable(name, "is there more than once")
        if _NO_TEXT.search(value):
            raise SubscriptionUnusable(name, "is no text in UTF-8")
        found[field] = value
    return found


def _seconds(text: str) -> int:
    """A positive whole number; one with more digits than any lease needs is a very large one."""
    if not (text.isascii() and text.isdecimal() and text.strip("0")):
        raise SubscriptionUnusable("hub.lease_seconds", "must be a whole number above zero")
    digits = text.lstrip("0")
    return int(digits) if len(digits) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER
