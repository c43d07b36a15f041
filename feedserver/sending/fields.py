"""Reads URLs that others write, in header fields most of all. Pure."""

from feedserver.urls import absolute_url, split_http


def utf_8(field: str) -> str:
    """The value of a header field, which has one character for each byte."""
    try:
        return field.encode("latin-1").decode()
    except UnicodeError:
        return field


def usable(url: str | None) -> str | None:
    """`url` if it is absolute, http(s) and read alike by all parsers; else None."""
    return url if url and split_http(url) else None


def resolved(reference: str, base: str) -> str | None:
    """The URL of a reference, resolved against `base`; None if it is not usable, or empty."""
    return usable(absolute_url(reference, base)) if reference.strip() else None
