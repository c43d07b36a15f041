"""A blog moves here from WordPress, and programs that were subscribed to its feed are led to ours."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from feedserver.cli.transfer import importer_of
from feedserver.services import WebServices
from tests.support.exports import SAMPLES
from tests.support.serving import Blog, clean_environ

WORDPRESS = SAMPLES / "wordpress"


class Newsboat:
    """A newsboat that is subscribed to one feed."""

    def __init__(self, program: str, url: str, folder: Path) -> None:
        (folder / "urls").write_text(f"{url}\n")
        (folder / "config").touch()
        self._cache = folder / "cache.db"
        files = ["-u", folder / "urls", "-C", folder / "config", "-c", self._cache]
        self._command = [program, *map(str, files), "-x", "reload"]
        self._environ = clean_environ() | {"HOME": str(folder), "TERM": "dumb", "LC_ALL": "C.UTF-8"}

    def unread(self) -> list[str]:
        """The titles of what a reload brings, which is read then."""
        subprocess.run(self._command, env=self._environ, check=True, timeout=60)
        with closing(sqlite3.connect(self._cache)) as cache:
            titles = [title for (title,) in cache.execute("SELECT title FROM rss_item WHERE unread = 1")]
            cache.execute("UPDATE rss_item SET unread = 0")
            cache.commit()
        return titles


def test_newsboat_sees_no_entry_twice(services: WebServices, client: FlaskClient, tmp_path: Path) -> None:
    program = shutil.which("newsboat")
    if program is None:
        pytest.skip("newsboat is not installed")
    with importer_of(services).opened(WORDPRESS / "feldnotizen", None, None, lambda _doing, _share: None) as found:
        found.apply()
    with closing(Blog()) as blog:
        reader = Newsboat(
            program, blog.put("/feed/", (WORDPRESS / "feldnotizen-feeds/rss2.xml").read_bytes()), tmp_path
        )
        assert reader.unread().count("Dienstag") == 2

        blog.put("/feed/", client.get("/feed.rss").data)

        assert reader.unread() == []
