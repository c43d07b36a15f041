"""The drill: nothing acknowledged before a backup began is lost with the site, and it comes back as the same."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from tests.flows.drill import (
    Writers,
    check_it_reminds,
    check_nothing_is_lost,
    check_promises,
    new_site,
    promises_of,
    services_of,
)
from tests.posts.builders import publish
from tests.support.serving import LONG, Blog, free_port
from tests.transfer.pictures import add_picture


def test_a_site_comes_back_on_the_other_database(
    tmp_path: Path, blog: Blog, new_postgres_url: Callable[[], str]
) -> None:
    port = free_port()
    site = new_site(tmp_path / "first", port, f"sqlite:///{tmp_path}/first/site.sqlite3")
    site.start(workers=2)
    with services_of(site) as services:
        publish(services, "Quiet", tags="[quiet]")
        roof = add_picture(services, tmp_path).path

    try:
        for name in ("second", "third", "fourth") if LONG else ("second",):  # on PostgreSQL, on SQLite, on PostgreSQL …
            is_file = site.environ["FEEDSERVER_DATABASE_URL"].startswith("sqlite")
            url = new_postgres_url() if is_file else f"sqlite:///{tmp_path}/{name}/site.sqlite3"
            promised, picture = promises_of(site), site.get(f"/{quote(roof)}")
            with Writers(site, blog).at_work() as acknowledged:
                before = acknowledged.copy()
                site.command("backup", "../site.tar.gz")
            site.stop()

            site = new_site(tmp_path / name, port, url)
            site.command("restore", "../site.tar.gz")
            (tmp_path / "site.tar.gz").unlink()
            site.start(workers=2 if LONG else 1)

            check_nothing_is_lost(site, before)
            check_promises(site, promised)
            assert (picture[0], site.get(f"/{quote(roof)}")[2]) == (200, picture[2])
            check_it_reminds(site)
    finally:
        if site.process is not None:
            site.stop()
