"""Codes of a second factor by time (RFC 6238): SHA-1, six digits, steps of 30 seconds. Recovery codes. Pure."""

import hmac
import secrets
from base64 import b32decode, b32encode
from binascii import Error
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

_STEP: Final = 30  # seconds
_DIGITS: Final = 6
_KEY_BYTES: Final = 20  # as RFC 4226 section 4 recommends
_RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10  # 80 bits: nobody guesses one, not even from its hash


def new_key() -> str:
    """A random key in base32, as apps take it."""
    return b32encode(secrets.token_bytes(_KEY_BYTES)).decode("ascii")


def is_key(text: str) -> bool:
    """Whether a text is a key as `new_key` makes it."""
    try:
        return len(b32decode(text)) == _KEY_BYTES
    except (Error, ValueError):
        return False


def grouped(code: str) -> str:
    """A key or recovery code in groups of four, as people copy it."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def otpauth(key: str, account: str, site: str) -> str:
    """The address that sets up an app (the Key Uri Format of Google Authenticator)."""
    label = quote(f"{site}:{account}", safe="")
    return f"otpauth://totp/{label}?{urlencode({'secret': key, 'issuer': site}, quote_via=quote)}"


def step_at(now: datetime) -> int:
    """The number of the step."""
    return int(now.timestamp()) // _STEP


def code_of(key: str, step: int) -> str:
    """The code of a step (RFC 4226 section 5.3)."""
    digest = hmac.digest(b32decode(key), step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def matching_step(key: str, code: str, now: datetime) -> int | None:
    """The step of a code: the present one, the one before or after it. None if it is of none of them."""
    typed = "".join(code.split()).encode("utf-8", "replace")
    present = step_at(now)
    matching = [
        step for step in (present, present - 1, present + 1) if hmac.compare_digest(code_of(key, step).encode(), typed)
    ]
    return matching[0] if matching else None


def new_recovery_codes() -> list[str]:
    """Ten codes, each good once in place of one by time, as `read_recovery_code` returns them."""
    return [b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode("ascii").lower() for _ in range(_RECOVERY_CODES)]


def read_recovery_code(typed: str) -> str:
    """A recovery code as it was made, however it was typed: with blanks, hyphens, in capitals."""
    return "".join(typed.replace("-", "").split()).lower()
