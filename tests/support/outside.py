"""The outside world of a test: a clock that stands until it is moved, and a web of pages in memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from feedserver.errors import FetchError, HostUnknown
from feedserver.net.fetch import FetchedPage


class Clock:
    """Stands still; `move` moves it. Called, it tells the time, as `feedserver.clock.utc_now` does."""

    def __init__(self, now: datetime = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


class Web:
    """Pages by URL. Stands at the seam of the fetcher; counts what was fetched, and for whom."""

    def __init__(self) -> None:
        self.pages: dict[str, FetchedPage | FetchError] = {}
        self.fetched: list[str] = []
        self.senders: list[str | None] = []
        self.unchanged = 0  # how often it answered that a page has not changed
        self.timeouts: list[object] = []

    def put(
        self,
        url: str,
        html: str | bytes,
        content_type: str = "text/html; charset=utf-8",
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        redirected_to: str | None = None,
        incomplete: bool = False,
        truncated: bool = False,
        status: int = 200,
        links: str = "",
    ) -> str:
        body = html.encode() if isinstance(html, str) else html
        self.pages[url] = FetchedPage(
            url=redirected_to or url,
            status=status,
            content_type=content_type,
            body=body,
            truncated=truncated,
            etag=etag,
            last_modified=last_modified,
            incomplete=incomplete,
            links=links,
        )
        return url

    def fail(self, url: str, error: FetchError) -> str:
        self.pages[url] = error
        return url

    def __call__(
        self,
        url: str,
        *,
        sender: str | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        **named: object,
    ) -> FetchedPage:
        self.fetched.append(url)
        self.timeouts.append(named.get("timeout"))
        self.senders.append(sender)
        found = self.pages.get(url, HostUnknown("the source’s host cannot be found"))
        if isinstance(found, FetchError):
            raise found
        if (etag, last_modified) != (None, None) and (etag, last_modified) == (found.etag, found.last_modified):
            self.unchanged += 1
            return replace(found, status=304, body=b"")
        return found
