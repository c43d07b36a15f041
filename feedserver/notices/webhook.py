"""What the webhook gets, and what its answers mean. Pure."""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from feedserver.clock import rfc3339
from feedserver.jobs.retry import PAUSES, pause_after
from feedserver.net.exchange import Header, Request

SIGNATURE: Final = "X-Feedserver-Signature"
TRIAL: Final = "test"  # the event of `notice test`
_GONE: Final = 410
_LONGEST: Final = 5  # pauses of `jobs.retry` that grow; the last of them comes again and again

Reception = Literal["done", "again", "ended"]


def body_of(
    event_id: str, event: str, at: datetime, thought: Mapping[str, Any] | None, job: Mapping[str, Any] | None
) -> bytes:
    """An event as JSON, in UTF-8; the thought and the job have JSON's values already."""
    told = {"id": event_id, "event": event, "created_at": rfc3339(at), "thought": thought, "job": job}
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")


def request_of(url: str, secret: str, body: bytes, now: datetime) -> Request:
    """The request that carries a body, signed if there is a secret."""
    signed: tuple[Header, ...] = ((SIGNATURE, signature(secret, body, now)),) if secret else ()
    return Request(url, "POST", headers=(("Content-Type", "application/json"), *signed), body=body, peer="the webhook")


def signature(secret: str, body: bytes, now: datetime) -> str:
    """When it was signed, and the HMAC over that moment and the body: what is sent again much later can be told."""
    seconds = str(int(now.timestamp()))
    return f"t={seconds},sha256={hmac.digest(secret.encode(), seconds.encode() + b'.' + body, 'sha256').hex()}"


def meaning(status: int) -> tuple[Reception, str]:
    """What the status of an answer means, and that in words."""
    if 200 <= status < 300:
        return "done", "taken"
    if status == _GONE:
        return "ended", "the webhook answered 410: it wants no more"
    return "again", f"the webhook answered {status}"


def pause_after_tries(tries: int, waited: timedelta, most: timedelta, jitter: float) -> timedelta:
    """The pause after so many tries in a row that failed, of something that has `waited`, and may do so for `most`.

    The last try is at its end. `jitter` is that of `jobs.retry`.
    """
    pause = pause_after(min(tries, _LONGEST), jitter) or PAUSES[-1]
    return max(min(pause, most - waited), PAUSES[0])
