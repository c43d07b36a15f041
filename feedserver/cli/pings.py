"""`feedserver ping …`: what others are told, and where pages take pings."""

from argparse import Namespace
from datetime import timedelta
from typing import Any

from feedserver.cli.arguments import (
    Commands,
    counted,
    id_of,
    limited,
    listing,
    most_of,
    noun,
    open_site,
    print_fields,
    print_list,
    remark,
    say_how_many,
    verb,
)
from feedserver.clock import is_within
from feedserver.errors import AddressForbidden, FeedserverError, FetchError, PostNotFound, SendingError
from feedserver.jobs.worker import HEARTBEAT
from feedserver.posts import store as posts
from feedserver.sending import discovery, manners, store
from feedserver.sending.announcements import Announcement
from feedserver.sending.answers import Answer
from feedserver.sending.model import STATES
from feedserver.sending.store import ListedPing
from feedserver.services import Services
from feedserver.storage import heartbeat
from feedserver.urls import split_http

_COLUMNS = ("id", "state", "told_/_next_try", "post", "target", "what_came_of_it")
_ALIVE = timedelta(seconds=30)  # since a server last looked for jobs


def add_commands(commands: Commands) -> None:
    group = noun(commands, "ping", "pings that go out: what others are told")
    listed = listing(group, "list", _list, "list what others were told, newest first")
    listed.add_argument("--post", metavar="SLUG", help="only of this post")
    listed.add_argument("--state", choices=STATES, help="only those in this state")
    limited(listed)
    send = verb(group, "send", _send, "tell all pages that a post links to once more, now")
    send.add_argument("slug", metavar="SLUG")
    retry = verb(group, "retry", _retry, "try again at once what was refused or given up")
    retry.add_argument("ids", metavar="ID", type=id_of("ping"), nargs="+")
    explained = listing(group, "explain", _explain, "say where a page takes pings; sends nothing")
    explained.add_argument("url", metavar="URL", help="the page")


def _list(chosen: Namespace) -> None:
    services = open_site()
    with services.database.read() as connection:
        post_id = posts.slug_owner(connection, chosen.post) if chosen.post is not None else None
        if chosen.post is not None and post_id is None:
            raise PostNotFound(chosen.post)
        most = most_of(chosen)
        found = list(store.listed(connection, post_id=post_id, state=chosen.state, most=most))
        total = 0 if chosen.json else store.count(connection, post_id=post_id, state=chosen.state)
    if chosen.json:
        print_list((_row(services, one) for one in found), as_json=True, columns=())
    else:
        zone = services.settings.site.zone
        print_list(map(_cells, found), as_json=False, columns=_COLUMNS, zone=zone, roomy=("target", "what_came_of_it"))
        say_how_many(most, total, "pings")


def _row(services: Services, listed: ListedPing) -> dict[str, Any]:
    ping = listed.ping
    return {
        "id": ping.id,
        "post": listed.slug,
        "target": ping.target,
        "source": ping.source or services.urls.post(listed.slug),
        "protocol": ping.protocol,
        "endpoint": ping.endpoint,
        "state": ping.state,
        "detail": listed.detail,
        "attempts": ping.attempts,
        "told_at": ping.told_at,
        "next_try_at": listed.next_try_at,
        "receipt": ping.receipt,
    }


def _cells(listed: ListedPing) -> dict[str, Any]:
    ping = listed.ping
    return {
        "id": ping.id,
        "state": ping.state,
        "told_/_next_try": listed.next_try_at or ping.told_at,
        "post": listed.slug,
        "target": ping.target.partition("://")[2],
        "what_came_of_it": listed.detail,
    }


def _send(chosen: Namespace) -> None:
    services = open_site()
    targets = services.outbox.tell_again(chosen.slug)
    if not targets:
        print(f"“{chosen.slug}” links to no page elsewhere")
        return
    print(f"{counted(len(targets), 'page')} to tell; `feedserver ping list --post {chosen.slug}` says what comes of it")
    _say_who_tells(services)


def _retry(chosen: Namespace) -> int:
    """Has each ping tried again; one that cannot be stops none of the others."""
    services = open_site()
    refused = 0
    for ping_id in chosen.ids:
        try:
            print(f"{ping_id}  {services.outbox.retry(ping_id).target}")
        except SendingError as error:
            remark(str(error))
            refused += 1
    if refused < len(chosen.ids):
        _say_who_tells(services)
    return 1 if refused else 0


def _say_who_tells(services: Services) -> None:
    """Says why it may take a while until others are told."""
    with services.database.read() as connection:
        waits = manners.wait(connection, services.settings.sending)
        beat = heartbeat.last(connection, HEARTBEAT)
    if waits:
        remark(f"nobody is told now: {waits.reason}")
    elif beat is None or not is_within(beat, _ALIVE, services.clock()):
        remark("no server runs, which would tell them; `feedserver jobs run` does it now")


def _explain(chosen: Namespace) -> None:
    services = open_site()
    if split_http(chosen.url) is None:
        raise FeedserverError(f"“{chosen.url}” is no absolute http or https URL")
    try:
        sight = discovery.look(services.exchange, chosen.url, services.urls)
    except AddressForbidden as error:
        raise FeedserverError(f"{chosen.url} cannot be read: {error.for_owner()}") from error
    except FetchError as error:
        raise FeedserverError(f"{chosen.url} cannot be read: {error}") from error
    protocols = discovery.enabled(services.settings.sending)
    found = discovery.choose(sight, services.urls, services.clock(), protocols)
    if isinstance(found, Answer):
        raise FeedserverError(f"{chosen.url}: {found.detail}")
    try:
        services.require_allowed(found.url, "its endpoint")
    except AddressForbidden as error:
        raise FeedserverError(f"{chosen.url}: {error.for_owner()} ({found.url}, {found.found_in})") from error
    except FetchError as error:  # what is sent later may arrive
        remark(f"{found.url}: {error}")
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
