"""A SQLite file whose pages were overwritten: said in words, by all doors, and readers keep their feeds."""

import logging
from pathlib import Path

import pytest

from feedserver.app import create_app
from feedserver.installation import init
from feedserver.jobs.worker import Worker
from feedserver.settings import Settings, SiteSettings
from tests.posts.builders import publish
from tests.support.fixtures import Assemble
from tests.support.pinging import HEADERS, ping_body, read_answer

PAGE = 4096


def test_a_damaged_file_is_told_in_words_and_readers_keep_their_feeds(
    assemble: Assemble, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    services = assemble(Settings(data_dir=tmp_path, site=SiteSettings(url="http://blog.example")))
    init(services, example=False)
    publish(services, "Fog")
    client = create_app(services=services).test_client()
    feed = client.get("/feed.atom")
    form = {"comment": "Well said.", "name": "Bob", "token": services.tokens.issue(1, services.clock())}
    services.database.close()  # nothing is left in its log
    overwrite(tmp_path / "feedserver.sqlite3")

    for path in ("/", "/posts/fog", "/feeds", "/tags/none"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "One moment" in answer.text
    assert client.post("/posts/fog/comments", data=form).status_code == 503
    body = ping_body("https://other.example/", "http://blog.example/posts/fog")
    assert read_answer(client.post("/pingback", data=body, headers=HEADERS).data) == 50
    assert client.get("/feed.atom").data == feed.data
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["status"]) == (503, "down")
    assert "the database is damaged" in ready.get_json()["checks"]["database"]["detail"]
    with pytest.raises(Exception, match="malformed"):
        Worker(services.runner).poll()
    assert [record for record in caplog.records if record.exc_info] == [], "no traceback"
    assert any(
        "the file is damaged or not a database; restore a backup" in record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
    )


def overwrite(file: Path) -> None:
    """All pages but the first, which says that it is a database."""
    whole = file.read_bytes()
    file.write_bytes(whole[:PAGE] + bytes(byte ^ 0xFF for byte in whole[PAGE:]))
