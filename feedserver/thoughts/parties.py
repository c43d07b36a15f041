"""Whose machines a look at a source burdens: fetches from them are counted together, and few are under way at once."""

from urllib.parse import urlsplit

from feedserver.domains import is_address, registrable_domain
from feedserver.storage import rate_limits
from feedserver.urls import host_name


def budget_key(source_key: str) -> str:
    """The registered domain of a source's host, or the network of its address."""
    host = host_name(urlsplit(source_key))
    return rate_limits.network(host) if is_address(host) else registrable_domain(host)
