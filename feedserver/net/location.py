"""Where a redirect leads: `Location` read as browsers read it (URL Standard section 4.4). Pure."""

import re
from typing import Final
from urllib.parse import quote, urlsplit

from feedserver.errors import RedirectRefused
from feedserver.host_names import DEFAULT_PORTS
from feedserver.urls import split_http

KEPT_IN_TARGETS: Final = "!#$%&'()*+,/:;=?@[]~"  # not percent-encoded when a path and its query are sent
_OUTSIDE: Final = "".join(map(chr, range(0x21)))  # C0 controls and space
_IGNORED: Final = dict.fromkeys(map(ord, "\t\n\r"))
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PATH: Final = re.compile(r"[^?#]*")
_AUTHORITY: Final = re.compile(r"[^/?#]*")


def redirect_target(base: str, location: str) -> str:
    """The absolute URL, without fragment, that the field value `location` names in an answer from the URL `base`.

    `location` holds one character for each byte, as `http.client` reads it. Raises RedirectRefused for a URL that is
    never contacted: another scheme, userinfo, port 0, over 2048 bytes, or none at all.
    """
    try:
        target = _resolved(base, location.strip(_OUTSIDE).translate(_IGNORED))
    except ValueError as error:  # a host that is not UTF-8
        raise RedirectRefused("{peer} redirects to an invalid URL") from error
    if split_http(target) is None:
        raise RedirectRefused("{peer} redirects to a URL that is not followed")
    return target


def _resolved(base: str, location: str) -> str:
    here = urlsplit(base)
    named = _SCHEME.match(location)
    scheme = named[1].lower() if named else here.scheme
    if scheme not in DEFAULT_PORTS:
        raise RedirectRefused("{peer} redirects to a URL that is not http or https")
    rest = _with_slashes(location[named.end() :] if named else location)
    if scheme == here.scheme and not rest.startswith("//"):  # “http:b” is relative too
        return f"{scheme}://{here.netloc}{_path_and_query(here.path or '/', here.query, rest)}"
    rest = rest.lstrip("/")  # any number of slashes introduces the authority
    authority = _AUTHORITY.match(rest)[0]  # type: ignore[index] # it matches any text
    return f"{scheme}://{authority.encode('latin-1').decode()}{_path_and_query('/', '', rest[len(authority) :])}"


def _with_slashes(reference: str) -> str:
    """Backslashes of the path and what is before it read as slashes."""
    return _PATH.sub(lambda path: path[0].replace("\\", "/"), reference, count=1)


def _path_and_query(path: str, query: str, reference: str) -> str:
    """A reference without scheme and authority, resolved against a path and its query."""
    encoded = quote(reference.partition("#")[0].encode("latin-1"), safe=KEPT_IN_TARGETS)
    given, question, given_query = encoded.partition("?")
    if given:
        path = given if given.startswith("/") else path.rpartition("/")[0] + "/" + given
    if given or question:
        query = given_query
    return _without_dot_segments(path) + (f"?{query}" if query or question else "")


def _without_dot_segments(path: str) -> str:
    kept: list[str] = []
    last = ""
    for segment in path.split("/")[1:]:
        last = segment.lower().replace("%2e", ".")
        if last == "..":
            kept[-1:] = []
        elif last != ".":
            kept.append(segment)
    return "/" + "/".join([*kept, ""] if last in (".", "..") else kept)
