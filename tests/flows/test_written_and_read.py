"""What authors wrote is what readers show: posts that are hard to hand on, read by programs of others.

They are published new, dated back, edited and deleted between two polls of each reader.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings, SiteSettings
from tests.support.feed_programs import PROGRAMS, FeedProgram, Read
from tests.support.serving import Site, running_site
from tests.support.written import AUTHOR, EDITED, POSTS, WITHDRAWN, Written


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    environ = {
        "FEEDSERVER_DATABASE_URL": database_url,
        "FEEDSERVER_FEEDS_ENTRIES": "100",
        "FEEDSERVER_LIMITS_COPIES": "0",
        "FEEDSERVER_SITE_AUTHOR": AUTHOR,
    }
    with running_site(tmp_path, environ=environ, workers=1) as site:
        yield site


@pytest.fixture
def author(site: Site, database_url: str, tmp_path: Path) -> Iterator[WebServices]:
    """The author, who publishes from this process."""
    own = SiteSettings(url=site.url, author=AUTHOR)
    services = WebServices(Settings(tmp_path / "var", site=own, database=DatabaseSettings(url=database_url)))
    yield services
    services.database.close()


def test_every_reader_has_every_post_to_the_letter(site: Site, author: WebServices, tmp_path: Path) -> None:
    programs = [program for program in PROGRAMS if not program.is_missing]
    publisher = author.publisher
    ids: dict[str, Written] = {}

    def publish(post: Written) -> None:
        made = publisher.add(publisher.read(post.document), author.clock())
        ids[made.guid] = post

    for post in (*POSTS[::2], WITHDRAWN):
        publish(post)
    for program in programs:
        poll(program, site, tmp_path)
    for post in POSTS[1::2]:
        publish(post)
    publisher.delete(WITHDRAWN.slug)
    edited = publisher.edit(EDITED.slug, publisher.read(EDITED.document), author.clock())
    ids = {guid: post for guid, post in ids.items() if post is not WITHDRAWN}
    ids[edited.guid] = replace(EDITED, updated=edited.updated_at.isoformat())

    altered = [line for program in programs for line in differences(program, ids, poll(program, site, tmp_path))]

    assert not altered, "\n".join(altered)
    if missing := {program.needs[0] for program in PROGRAMS if program not in programs}:
        pytest.skip(f"not installed: {', '.join(missing)}")


def poll(program: FeedProgram, site: Site, folder: Path) -> dict[str, Read]:
    home = folder / f"{program.name}-{program.fmt}".replace(":", "")
    home.mkdir(exist_ok=True)
    return program.poll(f"{site.url}/feed.{program.fmt}", home)


def differences(program: FeedProgram, ids: dict[str, Written], found: dict[str, Read]) -> list[str]:
    """A line for each field that a reader has otherwise than its author wrote it, its own faults left out."""
    return [
        f"{program.name} ({program.fmt}), {field.name} of {post.slug}: {has!r}, not {wrote!r}"
        for guid, post in ids.items()
        for field in fields(Read)
        if (has := getattr(found.get(guid), field.name, "nothing")) is not None
        and has != (wrote := getattr(expected(post, program.fmt), field.name))
        and post.slug not in program.faults.get(field.name, ())
    ]


def expected(post: Written, fmt: str) -> Read:
    """What a reader should have. RSS and Atom need a title: the first words of a post without one."""
    title = post.title or ("" if fmt == "json" else post.first_words)
    return Read(
        title=unicodedata.normalize("NFC", title),
        published=post.published_at,
        updated=post.updated_at,
        names=post.names,
        tags=post.tags,
        files=tuple((file.url, file.type) for file in post.files),
        sizes=tuple(file.length for file in post.files),
    )
