"""A scenario with a real server on each kind of database, at the same time: such ones wait more than they work."""

import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tests.support.serving import Site, free_port

Outcome = TypeVar("Outcome")


def on_each(
    database_urls: Mapping[str, str], folder: Path, environ: dict[str, str], scenario: Callable[[Site], Outcome]
) -> dict[str, Outcome]:
    """Plays it with a site for each of the databases, and sees that the site then stops as it should.

    Returns what came of it, by the name that its database has in `database_urls`.
    """
    with ThreadPoolExecutor() as threads:
        played = {
            name: threads.submit(_play, scenario, _site(folder / name, environ | {"FEEDSERVER_DATABASE_URL": url}))
            for name, url in database_urls.items()
        }
        return {name: outcome.result() for name, outcome in played.items()}


def _site(folder: Path, environ: dict[str, str]) -> Site:
    folder.mkdir()
    return Site(folder, free_port(), environ)


def _play(scenario: Callable[[Site], Outcome], site: Site) -> Outcome:
    try:
        outcome = scenario(site)
        assert site.stop() == 0
        return outcome
    finally:
        if site.process is not None:
            site.stop(signal.SIGKILL)
