"""Pages elsewhere in memory, at the seam of the guarded way out: what they announce, and what their endpoints hear."""

import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from feedserver import xmlrpc as codec
from feedserver.errors import FetchError, HostUnknown
from feedserver.net.exchange import Request, Response

Reply = Response | FetchError


@dataclass(frozen=True)
class Heard:
    """One ping that an endpoint has heard."""

    endpoint: str
    source: str
    target: str


@dataclass
class Elsewhere:
    """Stands in for `net.exchange`. `replies` are by URL, without fragment; `meanwhile` runs before each reply.

    `redirects` are announced as such, and answered by the reply of the first URL.
    """

    replies: dict[str, Callable[[Request], Reply]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    meanwhile: Callable[[Request], None] = lambda _: None
    redirects: dict[str, str] = field(default_factory=dict)
    timeouts: list[float | None] = field(default_factory=list)

    def __call__(
        self,
        request: Request,
        *,
        on_redirect: Callable[[str], None] | None = None,
        timeout: float | None = None,
        **_: object,
    ) -> Response:
        self.requests.append(request)
        self.timeouts.append(timeout)
        self.meanwhile(request)
        if on_redirect is not None and request.url in self.redirects:
            on_redirect(self.redirects[request.url])
        reply = self.replies.get(request.url.partition("#")[0], lambda _: HostUnknown("{peer} cannot be found"))(
            request
        )
        if isinstance(reply, Response):
            return reply
        raise reply

    def page(self, url: str, *, webmention: str = "", pingback: str = "", status: int = 200) -> str:
        """Puts a page that announces these endpoints."""
        found = [("Link", f'<{webmention}>; rel="webmention"')] if webmention else []
        found += [("X-Pingback", pingback)] if pingback else []
        self.answer(url, status, *found, ("Content-Type", "text/html"))
        return url

    def answer(self, url: str, status: int = 202, *headers: tuple[str, str], body: bytes = b"") -> str:
        self.replies[url] = lambda request: Response(request.url, status, headers, body)
        return url

    def takes_webmentions(self, *urls: str, endpoint: str = "") -> str:
        """Puts pages with an endpoint that accepts all; by default one on the host of the first."""
        endpoint = endpoint or "/".join(urls[0].split("/")[:3]) + "/webmention"
        for url in urls:
            self.page(url, webmention=endpoint)
        return self.answer(endpoint)

    def takes_pingbacks(self, *urls: str, endpoint: str = "") -> str:
        endpoint = endpoint or "/".join(urls[0].split("/")[:3]) + "/pingback"
        for url in urls:
            self.page(url, pingback=endpoint)
        return self.answer(endpoint, 200, ("Content-Type", "text/xml"), body=codec.response("thank you"))

    def fails(self, url: str, error: FetchError) -> None:
        self.replies[url] = lambda _: error

    @property
    def heard(self) -> list[Heard]:
        """The pings that were sent, in order."""
        return [_heard(request) for request in self.requests if request.method == "POST"]

    @property
    def told(self) -> list[str]:
        """Their targets."""
        return [heard.target for heard in self.heard]

    @property
    def looked_at(self) -> list[str]:
        return [request.url for request in self.requests if request.method == "GET"]

    def forget(self) -> None:
        self.requests.clear()


def _heard(request: Request) -> Heard:
    if dict(request.headers)["Content-Type"] == "text/xml":
        (source, target), _ = xmlrpc.client.loads(request.body)
        return Heard(request.url, str(source), str(target))
    form = parse_qs(request.body.decode(), strict_parsing=True)
    return Heard(request.url, form["source"][0], form["target"][0])
