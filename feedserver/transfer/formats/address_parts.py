"""Parts of the addresses that exports name, whatever is wrong with these. Pure."""

from urllib.parse import unquote, urlsplit

from feedserver.urls import absolute_url


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
