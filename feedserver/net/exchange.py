"""One request to an untrusted server, and its response: any method, any status, any type; the policy is the caller's.

The only way to an address that a stranger named. Follows redirects, each with its own connection and address check.
Strangers see the texts of errors.
"""

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import IO, Final, Literal, Protocol, cast
from urllib.parse import SplitResult, quote, urldefrag

from feedserver.errors import AddressForbidden, ConnectionFailed, FetchError, RedirectRefused
from feedserver.host_names import netloc
from feedserver.net.body import read_body
from feedserver.net.connection import NOT_FOUND, Policy, Resolve, allowed_addresses, connection, look_up
from feedserver.net.guarded_socket import MAX_HEAD, Deadline, GuardedSocket, translated_errors
from feedserver.net.location import KEPT_IN_TARGETS, redirect_target
from feedserver.urls import split_http

MAX_REDIRECTS: Final = 5
_HTML: Final = frozenset({"", "text/html", "application/xhtml+xml"})  # "": no Content-Type
# Statuses that lead elsewhere (RFC 9110 section 15.4): 301 to 303 would make a GET of a POST.
_REDIRECTS: Final = {"GET": frozenset({301, 302, 303, 307, 308}), "POST": frozenset({307, 308})}

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the server at `url`, an absolute http(s) URL.

    `more_query`, encoded, is added to the query of the URL, and may make it longer than those that are accepted.
    `headers` stand beside Host, User-Agent, Accept, Accept-Encoding, Connection and Content-Length. `peer` is what
    texts of errors call the server. `max_bytes` of the answer's body are read, if the policy does not allow fewer; they
    are written `into` a file if there is one, and then the response holds none.
    """

    url: str
    method: Literal["GET", "POST"] = "GET"
    accept: str = "*/*"
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    peer: str = "the source"
    max_bytes: int | None = None
    more_query: str = ""
    into: IO[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. `url` is where it came from, after redirects.

    `body` holds at most `Policy.max_bytes`, decoded; `truncated`: it is longer; `incomplete`: it ended before its
    announced end. `body_error` is what else ended the reading of the body: the status and the fields are good all the
    same.
    """

    url: str
    status: int
    headers: tuple[Header, ...]  # as sent, repeated ones too
    body: bytes = b""
    truncated: bool = False
    incomplete: bool = False
    body_error: FetchError | None = None

    def get_all(self, name: str) -> list[str]:
        """The values of a header field, in the order sent."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str) -> str:
        """The first value of a header field, "" if it is missing."""
        return next(iter(self.get_all(name)), "")

    @property
    def media_type(self) -> str:
        """The type of the body without parameters, in lower case; "" if it is not given."""
        return self.get("Content-Type").partition(";")[0].strip().lower()

    @property
    def may_be_html(self) -> bool:
        """Whether the body is HTML or XHTML, or has no type."""
        return self.media_type in _HTML

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Exchange(Protocol):
    """`exchange` with the policy of this site, which tests replace."""

    def __call__(
        self,
        request: Request,
        *,
        redirects: int = MAX_REDIRECTS,
        wants_body: Callable[[Response], bool] | None = None,
        on_redirect: Callable[[str], None] | None = None,
        timeout: float | None = None,
    ) -> Response: ...


def exchange(
    request: Request,
    policy: Policy,
    *,
    redirects: int = MAX_REDIRECTS,
    wants_body: Callable[[Response], bool] | None = None,
    on_redirect: Callable[[str], None] | None = None,
    timeout: float | None = None,
    tls: ssl.SSLContext | None = None,
    resolve: Resolve = look_up,
) -> Response:
    """Sends `request`, and returns the answer. Raises a FetchError if there is none.

    A POST is repeated with its body after 307 and 308; other redirects of it, and all with `redirects` 0, are answers.
    `wants_body` is asked, with the response as far as its header, whether to read the body. `on_redirect` is called
    with each further URL before it is contacted, and may raise. `timeout` (seconds, for everything) replaces that of
    the policy. `tls` and `resolve` replace the system's trust store and resolver.
    """
    deadline = Deadline(policy.timeout if timeout is None else timeout)
    max_bytes = min(policy.max_bytes, request.max_bytes or policy.max_bytes)
    with _named(request.peer), _told(policy.tell):
        url, seen = request.url, set[str]()
        for left in range(redirects, -1, -1):
            parts = _parts(url)
            seen.add(urldefrag(url).url)
            with translated_errors(deadline), connection(parts, policy, deadline, resolve, tls) as sock:
                answer = _asked(request, parts, policy, sock)
                if not redirects or answer.status not in _REDIRECTS[request.method]:
                    head = Response(url, answer.status, tuple(answer.headers.items()))
                    policy.tell(f"{answer.status // 100}xx")
                    if wants_body is not None and not wants_body(head):
                        return head
                    # More than `max_bytes`: chunked coding and TLS add bytes.
                    sock.allowance = 2 * max_bytes + MAX_HEAD
                    return _with_body(head, answer, max_bytes, deadline, request)
                url = _redirect_target(url, answer)
            if url in seen:
                raise RedirectRefused("{peer} redirects in a circle")
            if left and on_redirect is not None:
                on_redirect(url)
        raise RedirectRefused(f"{{peer}} redirects more than {redirects} times")


def require_allowed(url: str, policy: Policy, peer: str, *, resolve: Resolve = look_up) -> None:
    """Raises what `exchange` would raise before it connects to the server at `url`: AddressForbidden, or another
    FetchError if its name cannot be looked up."""
    deadline = Deadline(policy.timeout)
    with _named(peer), translated_errors(deadline):
        allowed_addresses(_parts(url), policy, deadline, resolve)


def _parts(url: str) -> SplitResult:
    parts = split_http(url)
    if parts is None:
        raise AddressForbidden(NOT_FOUND, "its URL is no plain http or https one")
    return parts


def _asked(request: Request, parts: SplitResult, policy: Policy, sock: GuardedSocket) -> "_Answer":
    """Sends the request; returns the answer as far as its header."""
    with suppress(ConnectionError):  # a server may answer, and close, before it has read the whole body
        sock.send(_encoded(request, parts, policy.user_agent))
    answer = _Answer(cast(socket.socket, sock), method=request.method)
    answer.begin()
    return answer


@contextmanager
def _named(peer: str) -> Iterator[None]:
    """Lets errors call the server `peer`."""
    try:
        yield
    except FetchError as error:
        error.peer = peer
        raise


@contextmanager
def _told(tell: Callable[[str], None]) -> Iterator[None]:
    """Tells why there was no answer."""
    try:
        yield
    except FetchError as error:
        tell(error.outcome)
        raise


# --- the request ---


def _encoded(request: Request, parts: SplitResult, user_agent: str) -> bytes:
    query = "&".join(filter(None, (parts.query, request.more_query)))
    query = f"?{query}" if query else ""
    target = quote((parts.path or "/") + query, safe=KEPT_IN_TARGETS, errors="replace")
    fields = [
        ("Host", netloc(parts)),
        ("Accept", request.accept),
        *([] if _codes(request) else [("Accept-Encoding", "identity")]),
        ("Connection", "close"),
        ("User-Agent", user_agent),
        *([("Content-Length", str(len(request.body)))] if request.method == "POST" else []),
        *request.headers,
    ]
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    assert not any(set(line) & {"\r", "\n"} for line in lines), "a field is one line"
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace") + request.body


def _codes(request: Request) -> bool:
    """Whether the request says itself which codings it takes."""
    return any(name == "Accept-Encoding" for name, _ in request.headers)


# --- the response ---


class _Answer(http.client.HTTPResponse):
    """Skips all informational responses (RFC 9110 section 15.2); `http.client` skips 100 only."""

    def begin(self) -> None:
        super().begin()
        while 101 < self.status < 200:
            self.headers = None  # type: ignore[assignment]  # else `begin` returns at once
            super().begin()


def _redirect_target(url: str, answer: _Answer) -> str:
    locations = set(answer.headers.get_all("Location", []))
    if len(locations) > 1:  # as browsers do: it may be another's line in this answer
        raise ConnectionFailed("{peer} redirects to several URLs")
    location = "".join(locations)
    if not location.strip():
        raise ConnectionFailed("{peer} redirects, and does not say where")
    return redirect_target(url, location)


def _with_body(head: Response, answer: _Answer, max_bytes: int, deadline: Deadline, request: Request) -> Response:
    try:
        with _named(request.peer), translated_errors(deadline):
            body = read_body(answer, max_bytes, request.into)
    except FetchError as error:
        return replace(head, body_error=error)
    return replace(head, body=body.data, truncated=body.truncated, incomplete=body.incomplete)
