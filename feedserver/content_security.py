"""The Content-Security-Policy of pages that hold the author's HTML, and of previews of it. Pure."""

from typing import Final
from urllib.parse import urlsplit

# Images, media and frames may come from anywhere, scripts from nowhere, styles from this site alone. The origin of
# `site.url` is listed as well as 'self' because a page may be opened under another host name (localhost), and its links
# lead to `site.url`.
_SHOWN: Final = (
    "default-src 'none'",
    "style-src 'self' {origin}",
    "img-src * data:",
    "media-src *",
    "frame-src http: https:",
    "base-uri 'none'",
)


def page_policy(site_url: str) -> str:
    """The policy of public pages."""
    return _policy(site_url, "form-action 'self' {origin}", "frame-ancestors 'none'")


def preview_policy(site_url: str) -> str:
    """That of previews, whose HTML cannot act for the author who looks at it: it has no origin and sends no form."""
    return _policy(site_url, "form-action 'none'", "frame-ancestors 'self' {origin}", "sandbox")


def _policy(site_url: str, *more: str) -> str:
    base = urlsplit(site_url)
    return "; ".join((*_SHOWN, *more)).format(origin=f"{base.scheme}://{base.netloc}")
