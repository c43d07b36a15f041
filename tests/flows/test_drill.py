"""docs/drill.md, carried out: nothing acknowledged before a backup began is lost with the machine, and the site comes
back as the same."""

import re
from collections.abc import Callable, Iterator
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
from tests.support.serving import LONG, Blog, Site, free_port
from tests.transfer.pictures import add_picture

PAPER = (Path(__file__).parents[2] / "docs" / "drill.md").read_text("utf-8")


def commands(where: str) -> Iterator[tuple[list[str], bool]]:
    """The commands after a mark of the paper, and whether each must succeed."""
    block = re.search(rf"<!-- {where} -->\n\n((?:    .*\n)+)", PAPER)
    assert block, where
    for line in block[1].splitlines():
        program, *arguments = line.removesuffix(" || true").split()
        assert program == "feedserver"
        yield arguments, not line.endswith(" || true")


def carry_out(where: str, site: Site) -> None:
    """`serve` is the test's own: at the site's address."""
    for arguments, must_succeed in commands(where):
        if arguments[0] == "serve":
            site.start(workers=2 if LONG else 1)
        else:
            site.command(*arguments, check=must_succeed)


def test_a_new_machine_serves_the_same_site_from_the_other_database(
    tmp_path: Path, blog: Blog, new_postgres_url: Callable[[], str]
) -> None:
    port = free_port()
    (tmp_path / "backups").mkdir()
    site = new_site(tmp_path / "first", port, f"sqlite:///{tmp_path}/first/site.sqlite3")
    site.start(workers=2)
    with services_of(site) as services:
        publish(services, "Quiet", tags="[quiet]")
        roof = f"/{quote(add_picture(services, tmp_path).path)}"

    try:
        for name in ("second", "third", "fourth") if LONG else ("second",):  # on PostgreSQL, on SQLite, on PostgreSQL …
            is_file = site.environ["FEEDSERVER_DATABASE_URL"].startswith("sqlite")
            url = new_postgres_url() if is_file else f"sqlite:///{tmp_path}/{name}/site.sqlite3"
            promised, picture = promises_of(site), site.get(roof)
            with Writers(site, blog).at_work() as acknowledged:
                before = acknowledged.copy()
                carry_out("on the old machine", site)
            site.stop()

            site = new_site(tmp_path / name, port, url)
            carry_out("on the new machine", site)

            check_nothing_is_lost(site, before)
            check_promises(site, promised)
            assert (picture[0], site.get(roof)[2]) == (200, picture[2])
            check_it_reminds(site)
            carry_out("meanwhile", site)
            for file in (tmp_path / "backups").iterdir():
                file.unlink()
    finally:
        if site.process is not None:
            site.stop()
