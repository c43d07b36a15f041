"""PostgreSQL is silent for a minute, as when its disk hangs, while two workers serve and another blog pings."""

import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.support.pinging import HEADERS, ping_body, read_answer
from tests.support.serving import Blog, Site, running_site
from tests.support.silent import way_to
from tests.support.waiting import wait_until

SILENCE = 60.0
LONGEST = 20.0  # seconds for an answer: ten until the database is given up, five for a new connection, a slow machine


def is_ok(site: Site) -> bool:
    return b'"status":"ok"' in site.get("/readyz")[2]


@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_and_it_heals_within_seconds(
    tmp_path: Path, new_postgres_url: Callable[[], str]
) -> None:
    url, blog = make_url(new_postgres_url()), Blog()
    ended, acknowledged, longest = threading.Event(), list[str](), [0.0]

    def keep_pinging(site: Site, who: int) -> None:
        number = 0
        while not ended.is_set():
            number += 1
            target = f"{site.url}/posts/hello"
            source = blog.put(
                f"/{who}-{number}", f'<title>x</title><p>See <a href="{target}">a post</a>, who knows.</p>'
            )
            began = time.monotonic()
            sent = urllib.request.Request(f"{site.url}/pingback", ping_body(source, target), HEADERS)
            with urllib.request.urlopen(sent, timeout=2 * LONGEST) as response:
                answer = response.read()
            longest[0] = max(longest[0], time.monotonic() - began)
            if isinstance(read_answer(answer), str):
                acknowledged.append(source)
            ended.wait(0.5)

    with way_to(url.port or 5432) as way:
        proxied = url.set(port=way.port).render_as_string(hide_password=False)
        environ = {
            "FEEDSERVER_DATABASE_URL": proxied,
            "FEEDSERVER_LIMITS_SENDER": "9999",
            "FEEDSERVER_LIMITS_HOST": "9999",
        }
        with running_site(tmp_path, environ=environ) as site:
            wait_until(lambda: is_ok(site))
            pinging = [threading.Thread(target=keep_pinging, args=(site, who)) for who in range(3)]
            for one in pinging:
                one.start()
            wait_until(lambda: len(acknowledged) > 5)
            assert {site.get("/feed.atom")[0] for _ in range(40)} == {200}  # both workers have rendered it
            with way.silent():
                end = time.monotonic() + SILENCE
                while time.monotonic() < end:
                    began = time.monotonic()
                    assert site.get("/healthz")[0] == 200
                    assert site.get("/feed.atom")[0] == 200
                    assert time.monotonic() - began < LONGEST
                    time.sleep(2)
            spoke = time.monotonic()
            wait_until(lambda: is_ok(site), 60)
            healed, before = time.monotonic() - spoke, len(acknowledged)
            wait_until(lambda: len(acknowledged) > before + 5)
            ended.set()
            for one in pinging:
                one.join(LONGEST)
            engine = create_engine(url)
            stored = text("SELECT count(*) FROM thoughts WHERE source = :source")
            with engine.connect() as connection:
                counts = {connection.execute(stored, {"source": source}).scalar_one() for source in acknowledged}
            engine.dispose()
            over = "[INFO] the database works again; it was away for "
            wait_until(lambda: site.log().count(over) == 2, complaint=site.log)
            log = site.log()

    assert counts == {1}
    assert healed < 20
    assert longest[0] < LONGEST
    assert "Traceback" not in log
    assert log.count("[WARNING] the database did not answer: ") == 2, "once for each worker"
    print(  # noqa: T201 - figures for whoever runs it
        f"healed after {healed:.1f} s, longest answer {longest[0]:.1f} s, {len(acknowledged)} acknowledged"
    )
