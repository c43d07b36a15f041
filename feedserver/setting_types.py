"""Converts text and TOML values to the values of settings. The text of each ValueError follows “must be”."""

import ipaddress
import os
import re
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from feedserver.host_names import host_name
from feedserver.languages.locales import is_built_in, locale_of
from feedserver.text import clean, is_language_tag, without_open_bidi
from feedserver.urls import split_http

_MAX_BASE = 500  # characters of site.url: a URL that begins with it must fit into urls.MAX_URL
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[\w!.*'()-]+)*/?", re.ASCII)
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"  # RFC 5322 section 3.2.3
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_MAIL_ADDRESS = re.compile(
    rf"(?=[^@]{{1,64}}@.{{1,189}}$){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*", re.ASCII | re.I
)
_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Converter = Callable[[object], Any]


def line(value: object) -> str:
    if not isinstance(value, str) or clean(value) != value or any(c in value for c in "\t\n"):
        raise ValueError("one line of text")
    return without_open_bidi(value.strip())


def some_line(value: object) -> str:
    if not (text := line(value)):
        raise ValueError("text that is not empty")
    return text


def folder(value: object) -> Path:
    try:
        path = Path(some_line(value)).expanduser()
    except RuntimeError:
        raise ValueError("a path; it begins with an unknown user") from None
    if os.path.exists(path) and not os.path.isdir(path):
        raise ValueError(f"a folder, which {path} is not")
    return path


def folder_or_none(value: object) -> str:
    return str(folder(value)) if line(value) else ""


def present_folder_or_none(value: object) -> str:
    """The absolute path of a folder that is there; empty: none."""
    if not line(value):
        return ""
    path = folder(value)
    if not path.is_dir():
        raise ValueError(f"a folder, and there is none at {path}")
    return str(path.absolute())


def bucket_or_none(value: object) -> str:
    """The address of a bucket, with a prefix of the names in it or without one; empty: none."""
    text = line(value)
    if text and not _BUCKET.fullmatch(text):
        raise ValueError("s3://BUCKET or s3://BUCKET/PREFIX")
    return text.rstrip("/")


def base_url(value: object) -> str:
    text = line(value)
    problem = "an absolute http or https URL in ASCII without query, fragment or user, such as https://blog.example"
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port != 0
    except ValueError:
        raise ValueError(problem) from None
    # Pages escape quotes and brackets in ways that Pingback clients do not undo (Pingback 1.0, “Autodiscovery”).
    unwanted = "@" in parts.netloc or not text.isascii() or set(text) & set("\\ '\"<>&?#")
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine or unwanted:
        raise ValueError(problem)
    if len(text) > _MAX_BASE or {".", ".."} & set(parts.path.split("/")):
        raise ValueError(f"a URL of at most {_MAX_BASE} characters without dot segments")
    return text.rstrip("/")


def base_url_or_none(value: object) -> str:
    return base_url(value) if line(value) else ""


def zone(value: object) -> str:
    try:
        return str(zoneinfo.ZoneInfo(some_line(value)))
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError("a time zone such as Europe/Berlin") from None


def language(value: object) -> str:
    text = some_line(value)
    try:
        if not is_language_tag(text) or not (is_built_in(text) or locale_of(text)):
            raise ValueError
    except ValueError:
        raise ValueError("the tag of a language that the CLDR knows, such as en or pt-BR") from None
    return text


def truth(value: object) -> bool:
    word = str(value).strip().lower() if isinstance(value, (bool, str)) else ""
    if word not in _TRUE | _FALSE:
        raise ValueError("true or false")
    return word in _TRUE


def whole(least: int, most: int) -> Converter:
    def read(value: object) -> int:
        try:
            number = int(value.strip()) if isinstance(value, str) else value
        except ValueError:
            number = None
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return number

    return read


def seconds(least: float, most: float) -> Converter:
    def read(value: object) -> float:
        try:
            number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None
        except ValueError:
            number = None
        if number is None or not least <= number <= most:
            raise ValueError(f"a number of seconds from {least:g} to {most:g}")
        return number

    return read


def choice(*words: str) -> Converter:
    def read(value: object) -> str:
        if not isinstance(value, str) or value.strip() not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return value.strip()

    return read


def _items(value: object) -> list[str]:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    if isinstance(value, list):
        return [str(item).strip() for item in value]
    raise ValueError("a list")


def networks(value: object) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(item) for item in _items(value))
    except ValueError:
        raise ValueError("a list of networks such as 10.0.0.0/8") from None


def hosts(value: object) -> tuple[str, ...]:
    """Lower case, without a leading `www.`, as `domains.source_site` compares hosts."""
    found = [(item, split_http(f"http://{item}/")) for item in _items(value)]
    if not all(parts and "/" not in item for item, parts in found):
        raise ValueError("a list of hosts such as github.com")
    return tuple(host_name(parts).removeprefix("www.") for _, parts in found if parts)


def http_urls(value: object) -> tuple[str, ...]:
    """Absolute http(s) URLs in ASCII, in any order, each once."""
    items = _items(value)
    if not all(item.isascii() and split_http(item) and "#" not in item for item in items):
        raise ValueError("a list of absolute http or https URLs in ASCII such as https://hub.example/")
    return tuple(dict.fromkeys(items))


def http_url_or_none(value: object) -> str:
    """An absolute http(s) URL in ASCII; empty: none."""
    text = line(value)
    if text and not (text.isascii() and split_http(text) and "#" not in text):
        raise ValueError("an absolute http or https URL in ASCII such as https://example.org/hook")
    return text


def mail_address_or_none(value: object) -> str:
    """One address of a mailbox, in ASCII; empty: none."""
    text = line(value)
    if text and not _MAIL_ADDRESS.fullmatch(text):
        raise ValueError("one mail address in ASCII such as ann@blog.example")
    return text


def mailbox_or_none(value: object) -> str:
    """An address of a mailbox, with a name or without; empty: none."""
    text = line(value)
    name, bracket, rest = text.rpartition("<")
    address = rest.removesuffix(">") if bracket else text
    if text and not (_MAIL_ADDRESS.fullmatch(address) and (not bracket or (name.strip() and rest.endswith(">")))):
        raise ValueError("a mail address such as blog@blog.example, or Ann's blog <blog@blog.example>")
    return text


def mail_server_or_none(value: object) -> str:
    """The URL of a mail server, with a user and a password or without; empty: none."""
    text = line(value)
    problem = "smtp://HOST or smtps://HOST, with USER:PASSWORD@ and :PORT as needed, percent-encoded"
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port != 0
    except ValueError:
        raise ValueError(problem) from None
    unwanted = parts.path.strip("/") or parts.query or parts.fragment or not text.isascii() or " " in text
    half = (parts.username is None) != (parts.password is None) or parts.username == "" or parts.password == ""
    if text and (parts.scheme not in ("smtp", "smtps") or not parts.hostname or not port_is_fine or unwanted or half):
        raise ValueError(problem)
    return text


def ports(value: object) -> frozenset[int] | None:
    items = _items([value] if isinstance(value, int) else value)
    if items == ["*"]:
        return None
    if items and all(item.isascii() and item.isdecimal() and 0 < int(item) < 65536 for item in items):
        return frozenset(int(item) for item in items)
    raise ValueError("a list of ports from 1 to 65535, or *")
