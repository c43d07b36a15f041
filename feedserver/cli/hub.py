"""`feedserver hub …`: who subscribes to the feeds at the hub of this site."""

from argparse import Namespace
from datetime import datetime, tzinfo
from typing import Any, Final

from feedserver.cli.arguments import Commands, id_of, listing, noun, open_site, print_list, remark, verb
from feedserver.cli.hosts import host
from feedserver.errors import FeedserverError
from feedserver.websub import leaving, store
from feedserver.websub.model import Subscription

_COLUMNS: Final = ("id", "state", "topic", "callback", "lease_until", "pushed_at", "what_came_of_it")


def add_commands(commands: Commands) -> None:
    group = noun(commands, "hub", "who subscribes to the feeds at the hub of this site")
    listing(group, "list", _list, "list the subscriptions, newest first")
    dropped = verb(group, "drop", _drop, "end subscriptions; their readers are told")
    which = dropped.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", metavar="ID", type=id_of("hub"), nargs="*", default=[])
    which.add_argument("--host", metavar="HOST", type=host, help="all whose callbacks are on a host or its subdomains")


def _list(chosen: Namespace) -> None:
    services = open_site()
    now = services.clock()
    with services.database.read() as connection:
        rows = [_row(one, now) for one in store.everything(connection)]
    zone = services.settings.site.zone
    if not chosen.json:
        rows = [row | _cells(row, services.urls.base, zone) for row in rows]
    print_list(rows, as_json=chosen.json, columns=_COLUMNS, zone=zone, roomy=("callback", "what_came_of_it"))
    if rows and not services.settings.websub.hub:
        remark("the hub is closed (`websub.hub = false`): nothing is pushed to them")


def _row(subscription: Subscription, now: datetime) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "topic": subscription.topic_url,
        "callback": subscription.callback,
        "state": subscription.state_at(now),
        "lease_until": subscription.lease_until,
        "pushed_at": subscription.pushed_at,
        "failures": subscription.failures,
        "detail": subscription.detail,
    }


def _cells(row: dict[str, Any], base: str, zone: tzinfo) -> dict[str, Any]:
    """What a table has in less room. All topics are below the site's URL."""
    until, failures = row["lease_until"], row["failures"]
    return {
        "topic": row["topic"].removeprefix(base),
        "callback": row["callback"].partition("://")[2],
        "lease_until": until and until.astimezone(zone).date(),
        "what_came_of_it": row["detail"] + (f" ({failures} times)" if failures > 1 else ""),
    }


def _drop(chosen: Namespace) -> None:
    services = open_site()
    ids = list(dict.fromkeys(chosen.ids))
    if chosen.host is None:
        services.database.transact(lambda connection: leaving.drop(connection, ids, services.clock()))
    else:
        found = services.database.transact(
            lambda connection: leaving.drop_host(connection, chosen.host, services.clock())
        )
        if not found:
            raise FeedserverError(
                f"no live subscription has a callback on {chosen.host}; `feedserver hub list` shows them all"
            )
        ids = [one.id for one in found]
    for one in ids:
        print(f"ended  {one}")
