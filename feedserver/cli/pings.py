"""`feedserver ping …`: what others are told, and where pages take pings."""

from argparse import Namespace
from typing import Any

from feedserver.cli.arguments import Commands, listing, noun, open_site, print_fields
from feedserver.errors import FeedserverError, FetchError
from feedserver.sending import discovery
from feedserver.sending.announcements import Announcement
from feedserver.sending.answers import Answer
from feedserver.urls import split_http


def add_commands(commands: Commands) -> None:
    group = noun(commands, "ping", "pings that go out: what others are told")
    explained = listing(group, "explain", _explain, "say where a page takes pings; sends nothing")
    explained.add_argument("url", metavar="URL", help="the page")


def _explain(chosen: Namespace) -> None:
    services = open_site()
    if split_http(chosen.url) is None:
        raise FeedserverError(f"“{chosen.url}” is no absolute http or https URL")
    try:
        sight = discovery.look(services.exchange, chosen.url, services.urls)
    except FetchError as error:
        raise FeedserverError(f"{chosen.url} cannot be read: {error}") from error
    protocols = discovery.enabled(services.settings.sending)
    found = discovery.choose(sight, services.urls, services.clock(), protocols)
    if isinstance(found, Answer):
        raise FeedserverError(f"{chosen.url}: {found.detail}")
    row = {
        "page": sight.response.url,
        "status": sight.response.status,
        "protocol": found.protocol,
        "endpoint": found.url,
        "found_in": found.found_in,
    }
    seen = [_announced(one) for one in sight.announcements]
    print_fields(row | {"seen": seen if chosen.json else "\n".join(map(_line, seen))}, as_json=chosen.json)


def _announced(one: Announcement) -> dict[str, Any]:
    return {"protocol": one.protocol, "endpoint": one.url, "found_in": one.found_in}


def _line(announced: dict[str, Any]) -> str:
    return f"{announced['protocol']}  {announced['endpoint'] or 'no absolute URL'}  ({announced['found_in']})"
