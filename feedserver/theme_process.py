"""The process in which pages are made with the theme of the settings: `python -m feedserver.theme_process`.

It writes JSON, a line for each fault. A server that made them itself would keep connections and caches when it forks.
"""

import json
import logging
import sys
from contextlib import closing, suppress
from dataclasses import replace
from typing import Final

from feedserver.app import create_app
from feedserver.errors import SettingsError
from feedserver.pages import theme_templates
from feedserver.posts import store as posts
from feedserver.posts.model import PAGES
from feedserver.services import WebServices
from feedserver.settings import Settings, load
from feedserver.storage.explaining import DATABASE_ERRORS
from feedserver.text import strangers_line

_LONGEST_MESSAGE: Final = 200  # characters
_NOWHERE: Final = "nowhere/at/all"


def main() -> None:
    logging.disable()  # what is wrong beside the theme is told by the server
    sys.stdout.write(json.dumps(faults(load())))


def faults(settings: Settings) -> list[str]:
    """A line for each template that fails on one of the site's pages: where, with what, and at which address."""
    uncounted = replace(settings, server=replace(settings.server, metrics=()))  # these are no requests of readers
    services = WebServices(uncounted)
    with closing(services.database):
        try:
            app = create_app(services=services)
        except SettingsError as error:  # the theme has changed since it was read
            return list(error.faults)
        app.config["PROPAGATE_EXCEPTIONS"] = True
        client = app.test_client()
        found: dict[tuple[str, str], str] = {}  # the first address by what is wrong
        for url in _addresses(services):
            try:
                client.get(url)
            except Exception as error:  # noqa: BLE001 - templates raise anything
                if place := theme_templates.place_of(error):
                    what = strangers_line(f"{type(error).__name__}: {error}".removesuffix(": "), _LONGEST_MESSAGE)
                    found.setdefault((place, what), url)
    return [f"site.theme: {place}: {what} (at {url})" for (place, what), url in found.items()]


def _addresses(services: WebServices) -> list[str]:
    """Pages that every site has, one that none has, the newest post and the newest page, if there are any."""
    urls = services.urls
    always = [urls.home(), urls.archive(), urls.thoughts(), urls.search(), urls.feeds(), urls.at(f"/{_NOWHERE}")]
    with suppress(*DATABASE_ERRORS), services.database.read() as connection:
        now = services.clock()
        newest = [*posts.latest(connection, now, 1), *posts.latest(connection, now, 1, listing=PAGES)]
        return always + [urls.permalink(post.slug, is_page=post.page) for post in newest]
    return always


if __name__ == "__main__":
    main()
