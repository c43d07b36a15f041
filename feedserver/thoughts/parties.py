"""Whose machines a look at a source burdens: fetches from them are counted together, and few are under way at once."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from feedserver.storage import limits
from feedserver.urls import host_name

_suffixes: Final = PublicSuffixList()


def party_of(page: str) -> str:
    """The registered domain of a source's host, or the network of its address."""
    host = host_name(urlsplit(page))
    try:
        ip_address(host)
    except ValueError:
        return _suffixes.privatesuffix(host) or host
    return limits.network(host)
