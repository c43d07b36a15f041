"""The page cache: a hit costs no query, a stale page is never sent, memory is bounded."""

import gc
import gzip
import re
import time
import tracemalloc
from collections.abc import Callable, Hashable
from datetime import timedelta

import brotli
import pytest
from flask.testing import FlaskClient

from feedserver import content_coding
from feedserver.content_coding import Encoded
from feedserver.pages import cache
from feedserver.posts.model import Post
from feedserver.services import WebServices
from tests.feeds.happenings import say
from tests.pages.builders import elements, texts
from tests.support.fixtures import Publish
from tests.support.outside import Clock
from tests.support.statements import record_statements
from tests.support.waiting import together

PAGES = ["/", "/?page=1", "/tags/sea", "/authors/Ann%20Author", "/posts/fog"]


@pytest.fixture(autouse=True)
def fog(publish: Publish) -> Post:
    return publish("Fog", slug="fog", tags="[sea]")


@pytest.fixture
def statements(services: WebServices) -> list[str]:
    return record_statements(services.database.engine)


def _without_token(page: str) -> str:
    return re.sub(r'name="token" value="[^"]+"', "", page)


def queries(statements: list[str]) -> list[str]:
    return [statement for statement in statements if statement.startswith("SELECT")]


@pytest.mark.parametrize("path", PAGES)
def test_a_cached_page_costs_no_query_but_that_for_the_revision(
    client: FlaskClient, statements: list[str], path: str
) -> None:
    client.get("/posts/fog")  # loads the secret of the forms, as a process does once
    first = client.get(path)
    statements.clear()

    second = client.get(path)

    assert second.status_code == first.status_code == 200
    assert all("FROM site" in query for query in queries(statements))
    assert len(queries(statements)) <= 1


def test_a_change_is_seen_with_the_next_request(
    client: FlaskClient, services: WebServices, publish: Publish, fog: Post
) -> None:
    for path in PAGES:
        client.get(path)

    say(services, fog, "Well said.")
    publish("Rain", tags="[sea, fog]", slug="rain")
    services.publisher.rename("fog", "mist")

    assert texts(client.get("/").text, "article h2") == ["Rain", "Fog"]
    assert texts(client.get("/tags/sea").text, "article h2") == ["Rain", "Fog"]
    assert client.get("/posts/fog").headers["Location"].endswith("/posts/mist")
    assert "Well said." in client.get("/posts/mist").text
    services.publisher.delete("mist")
    assert client.get("/posts/mist").status_code == client.get("/posts/fog").status_code == 410


def test_a_scheduled_post_appears_on_cached_pages_when_it_is_due(
    client: FlaskClient, publish: Publish, clock: Clock
) -> None:
    publish("Fog again", slug="again", tags="[sea]", body="Words.", date=(clock() + timedelta(hours=1)).isoformat())
    before = {path: client.get(path).text for path in PAGES}
    assert client.get("/posts/again").status_code == 404

    clock.move(hours=1)

    assert "Fog again" not in "".join(before.values())
    assert texts(client.get("/").text, "article h2") == ["Fog again", "Fog"]
    assert client.get("/posts/again").status_code == 200


def test_each_visitor_gets_a_form_of_their_own(client: FlaskClient) -> None:
    pages = [client.get("/posts/fog").text for _ in range(3)]
    tokens = [str(elements(page, "input[name=token]")[0].attrs["value"]) for page in pages]

    assert len(set(tokens)) == 3
    assert len({page.replace(token, "") for page, token in zip(pages, tokens, strict=True)}) == 1


def test_a_notice_is_not_cached(client: FlaskClient) -> None:
    client.get("/posts/fog")

    assert "waits for approval" in client.get("/posts/fog?comment=held").text
    assert "waits for approval" not in client.get("/posts/fog").text


def test_missing_pages_are_not_cached(client: FlaskClient, services: WebServices) -> None:
    for number in range(3):
        assert client.get(f"/posts/none-{number}").status_code == 404
        assert client.get(f"/?page={number + 2}").status_code == 404

    assert len(services.page_cache) == 0


def test_concurrent_requests_render_a_page_once(services: WebServices) -> None:
    written = []

    def write(_connection: object, _now: object) -> cache.CachedPage:
        written.append(1)
        time.sleep(0.2)  # so that the others come meanwhile; nothing fails if they do not
        return cache.CachedPage((b"words",))

    pages = together(*[lambda: services.page_cache.get("a page", write)] * 4)

    assert pages == [cache.CachedPage((b"words",))] * 4
    assert len(written) == 1


@pytest.mark.parametrize(
    ("accepted", "coding", "decode"), [("gzip, br", "br", brotli.decompress), ("gzip", "gzip", gzip.decompress)]
)
@pytest.mark.parametrize("path", ["/", "/posts/fog", "/thoughts", "/archive"])
def test_pages_are_compressed_as_their_readers_like_it(
    client: FlaskClient, path: str, accepted: str, coding: str, decode: Callable[[bytes], bytes]
) -> None:
    plain = client.get(path)
    answer, head = (client.open(path, method=m, headers={"Accept-Encoding": accepted}) for m in ("GET", "HEAD"))

    assert (plain.headers.get("Content-Encoding"), plain.headers["Vary"]) == (None, "Accept-Encoding")
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == (coding, "Accept-Encoding")
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert len(answer.data) < len(plain.data) / 2
    assert _without_token(decode(answer.data).decode()) == _without_token(plain.text)
    assert head.headers["Content-Encoding"] == coding


def test_each_visitor_of_a_compressed_page_gets_a_form_of_their_own(client: FlaskClient) -> None:
    pages = [
        brotli.decompress(client.get("/posts/fog", headers={"Accept-Encoding": "br"}).data).decode() for _ in range(2)
    ]

    tokens = {elements(page, "input[name=token]")[0].attrs["value"] for page in pages}
    assert len(tokens) == 2
    assert len({_without_token(page) for page in pages}) == 1


def test_a_page_is_compressed_once_for_each_state_of_the_site(
    client: FlaskClient, services: WebServices, fog: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    codings: list[str] = []

    def encode_around(before: bytes, after: bytes, coding: str) -> Encoded:
        codings.append(coding)
        return content_coding.encode_around(before, after, coding)

    monkeypatch.setattr(cache, "encode_around", encode_around)

    for accepted in ("br", "gzip", "br", "gzip", ""):
        client.get("/posts/fog", headers={"Accept-Encoding": accepted})
    assert codings == ["br", "gzip"]
    say(services, fog)
    client.get("/posts/fog", headers={"Accept-Encoding": "br"})
    assert codings == ["br", "gzip", "br"]


def test_nobody_waits_while_a_page_is_compressed(
    client: FlaskClient, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, answers = client.application, []

    def encode_around(before: bytes, after: bytes, coding: str) -> Encoded:
        meanwhile = app.test_client().get("/", headers={"Accept-Encoding": coding})
        answers.append((meanwhile.status_code, meanwhile.headers.get("Content-Encoding")))
        return content_coding.encode_around(before, after, coding)

    monkeypatch.setattr(cache, "encode_around", encode_around)

    assert client.get("/", headers={"Accept-Encoding": "br"}).headers["Content-Encoding"] == "br"
    assert answers == [(200, None)]


def test_a_page_that_changes_while_it_is_compressed_is_sent_as_it_is_now(
    client: FlaskClient, services: WebServices, fog: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode_around(before: bytes, after: bytes, coding: str) -> Encoded:
        if b"Words about it" not in before:
            say(services, fog, "Words about it.")
            client.application.test_client().get("/posts/fog")
        return content_coding.encode_around(before, after, coding)

    monkeypatch.setattr(cache, "encode_around", encode_around)

    client.get("/posts/fog", headers={"Accept-Encoding": "br"})

    assert b"Words about it" in brotli.decompress(client.get("/posts/fog", headers={"Accept-Encoding": "br"}).data)


def test_compressed_pages_count_in_the_bound(client: FlaskClient, services: WebServices) -> None:
    before = services.page_cache.get("x", lambda *_: cache.CachedPage((b"fog " * 1_000,)))

    encoded = services.page_cache.encoded("x", before, "gzip")

    after = services.page_cache.get("x", lambda *_: cache.CachedPage(()))
    assert encoded is not None
    assert after.weight == before.weight + encoded.size


def test_the_least_recently_used_page_goes_first(client: FlaskClient, services: WebServices) -> None:
    services.page_cache = cache.PageCache(services.database, services.changes, services.clock, max_pages=2)

    for path in ("/", "/posts/fog", "/tags/sea"):
        assert client.get(path).status_code == 200

    assert len(services.page_cache) == 2
    assert _is_cached(services, ("post", "fog", 1))


def test_the_size_of_all_pages_is_bounded(client: FlaskClient, services: WebServices, publish: Publish) -> None:
    services.page_cache = cache.PageCache(services.database, services.changes, services.clock, max_bytes=50_000)
    for number in range(3):
        publish(f"Long {number}", slug=f"long-{number}", body="Words and more words. " * 1_500)

    for number in range(3):
        assert client.get(f"/posts/long-{number}").status_code == 200

    assert len(services.page_cache) == 1
    assert _is_cached(services, ("post", "long-2", 1))


@pytest.mark.parametrize("word", ["Words and more words. ", "Worte, 言葉 und 😀. "], ids=["plain", "wide"])
def test_cached_pages_take_no_more_memory_than_their_bound(
    client: FlaskClient,
    services: WebServices,
    publish: Publish,
    word: str,
) -> None:
    """Pages of long posts, and redirects to them: neither takes more memory than its weight."""
    services.page_cache = cache.PageCache(services.database, services.changes, services.clock, max_bytes=300_000)
    for number in range(6):
        publish(f"Long {number}", slug=f"long-{number}", body=word * 2_000)
        services.publisher.rename(f"long-{number}", f"longer-{number}")
    tracemalloc.start()
    try:
        for name, status in (("long", 301), ("longer", 200)):
            for number in range(6):
                assert client.get(f"/posts/{name}-{number}").status_code == status
        number_kept, taken = len(services.page_cache), _freed_by_forgetting(services)
    finally:
        tracemalloc.stop()

    assert number_kept > 3
    assert 100_000 < taken < 300_000


def test_a_redirect_to_a_long_post_keeps_nothing_of_it(
    client: FlaskClient, services: WebServices, publish: Publish
) -> None:
    publish("Long", slug="long", body="Words and more words. " * 20_000)
    services.publisher.rename("long", "longer")
    tracemalloc.start()
    try:
        assert client.get("/posts/long").status_code == 301
        taken = _freed_by_forgetting(services)
    finally:
        tracemalloc.stop()

    assert taken <= cache.CachedPage(()).weight


def _is_cached(services: WebServices, key: Hashable) -> bool:
    rendered = []

    def render(_connection: object, _now: object) -> cache.CachedPage:
        rendered.append(key)
        return cache.CachedPage(())

    services.page_cache.get(key, render)
    return not rendered


def _freed_by_forgetting(services: WebServices) -> int:
    """Bytes that are freed when the cache is dropped."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    del services.page_cache
    gc.collect()
    return before - tracemalloc.get_traced_memory()[0]
