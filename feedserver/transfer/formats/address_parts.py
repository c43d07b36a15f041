"""Parts of the addresses that exports name, whatever is wrong with these. Pure."""

from collections import Counter
from urllib.parse import unquote, urlsplit

from feedserver.urls import absolute_url, split_http


def encoded_path_of(address: str) -> str:
    """The path as it is written; "" where there is none."""
    try:
        return urlsplit(address).path
    except ValueError:  # such as an invalid address in brackets
        return ""


def path_of(address: str) -> str:
    """The decoded path; "" where there is none."""
    return unquote(encoded_path_of(address))


def last_step(address: str) -> str:
    """The decoded last segment of the path that is not empty; "" where there is none."""
    return path_of(address).rstrip("/").rpartition("/")[2]


def resolved(address: str, base: str) -> str:
    """The address that one means which is relative to `base`; "" where it means none."""
    return absolute_url(address, base) or ""


def site_of(address: str) -> str:
    """The address of the site that has one, with a slash at the end; "" where it is none of http or https."""
    parts = split_http(address)
    return f"{parts.scheme}://{parts.netloc}/" if parts else ""


def most_named(sites: Counter[str]) -> str | None:
    """The site that was named most often; None if none was."""
    return next((site for site, _ in sites.most_common() if site), None)
