"""Commands that take in pictures are killed at any moment: no row is without its files, and nothing is half there."""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from PIL import Image

from feedserver.installation import init
from feedserver.media import store as media
from feedserver.media.auditing import audit
from feedserver.posts import store as posts
from feedserver.services import Services
from feedserver.settings import Settings, SiteSettings
from tests.support.media_files import encoded
from tests.support.runs import Run
from tests.support.serving import LONG, clean_environ

KILLS = 20 if LONG else 3
SIDE = 2400 if LONG else 400  # pixels
PATIENCE = 60  # seconds


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Services]:
    services = Services(Settings(data_dir=tmp_path / "var", site=SiteSettings(url="http://blog.example")))
    init(services, example=False)
    yield services
    services.database.close()


def add(folder: Path, number: int) -> Run:
    """Begins to add a document with a picture and another file, which no other has."""
    (folder / f"{number}.md").write_text(f"---\ntitle: No. {number}\n---\n![p]({number}.png) [f]({number}.pdf)")
    (folder / f"{number}.png").write_bytes(encoded(Image.new("RGB", (SIDE, SIDE), (number, 0, 0)), "PNG"))
    (folder / f"{number}.pdf").write_bytes(b"%PDF-1.4\n" + random.Random(number).randbytes(500_000))
    environ = clean_environ() | {
        "FEEDSERVER_DATA_DIR": str(folder / "var"),
        "FEEDSERVER_SITE_URL": "http://blog.example",
    }
    with TemporaryFile() as output:
        return Run(["post", "add", f"{number}.md"], folder, environ, output, output)


def seconds_of_one(folder: Path) -> float:
    begun = time.monotonic()
    assert add(folder, 0).wait(PATIENCE) == 0
    return time.monotonic() - begun


@pytest.mark.timeout(60 + 15 * KILLS)
def test_a_post_with_pictures_is_there_as_a_whole_or_not_at_all(site: Services, tmp_path: Path) -> None:
    lot, seconds = random.Random(), seconds_of_one(tmp_path)
    for number in range(1, KILLS + 1):
        run = add(tmp_path, number)
        time.sleep(lot.uniform(0, seconds))
        run.kill()
        run.wait(PATIENCE)

        assert audit(site.database, site.media_files).missing == ()
        with site.database.read() as connection:
            post = posts.by_slug(connection, f"no-{number}")
            named = {} if post is None else media.of_post(connection, post.id)
            rows = [one.name for one in media.everything(connection)]
        whole = {f"{number}.{ending}" for ending in ("png", "pdf")}
        assert set(named) == (set() if post is None else whole)
        assert len(rows) == len(set(rows))
        assert whole & {*rows} == (set() if post is None else whole)
        if post is None and (LONG or number == KILLS):
            assert add(tmp_path, number).wait(PATIENCE) == 0

    found = audit(site.database, site.media_files)
    assert found.missing == ()
    assert not (LONG and found.unnamed), "whoever goes on leaves nothing"
    assert len(os.listdir(tmp_path / "var" / "media" / ".unfinished")) <= KILLS
