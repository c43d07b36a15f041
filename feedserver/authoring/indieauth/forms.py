"""The forms that apps send to the endpoints of IndieAuth, and errors about them (RFC 6749 section 5.2). Pure."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl

from feedserver.errors import FeedserverError

_MAX_FIELDS: Final = 100
_GRANT: Final = "authorization_code"
_TOKEN: Final = "token"  # noqa: S105 - the name of a field

Code = Literal["invalid_request", "unsupported_grant_type"]


class BadForm(FeedserverError):
    """A form that cannot be read. `code` is for programs, the text for people."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Redemption:
    """What an app sends to have its code: itself, where it was sent to, and the proof of PKCE, None without."""

    code: str
    client_id: str
    redirect_uri: str
    verifier: str | None


def fields(body: bytes) -> Mapping[str, str]:
    """The fields of a form, each there once (RFC 6749 section 3.2). Raises BadForm."""
    pairs = _pairs(body)
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadForm("invalid_request", "a field is there more than once")
    return found


def is_revocation(body: bytes) -> bool:
    """Whether a form asks for the end of a token, not for one. Raises BadForm."""
    return ("action", "revoke") in _pairs(body)


def tokens(body: bytes) -> Sequence[str]:
    """All tokens that a body names, a form or a JSON object; none if it is neither."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        with suppress(BadForm):
            return [value for name, value in _pairs(body) if name == _TOKEN]
        return []
    token = sent.get(_TOKEN) if isinstance(sent, dict) else None
    return [token] if isinstance(token, str) else []


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise BadForm("invalid_request", "the form has too many fields") from None


def redemption(sent: Mapping[str, str]) -> Redemption:
    """What an app sends to have its code. Raises BadForm."""
    if sent.get("grant_type") != _GRANT:
        raise BadForm("unsupported_grant_type", f"grant_type must be {_GRANT}")
    for name in ("code", "client_id", "redirect_uri"):
        if not sent.get(name):
            raise BadForm("invalid_request", f"{name} is missing")
    return Redemption(sent["code"], sent["client_id"], sent["redirect_uri"], sent.get("code_verifier") or None)
