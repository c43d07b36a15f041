"""The webmention endpoint over HTTP: docs/interface.md, “Webmentions that come in”, row by row."""

import gzip
import logging
from datetime import timedelta

import pytest
from sqlalchemy.exc import DataError, OperationalError

from feedserver.errors import BadStatus, FetchError, HostUnknown, NotText, TimedOut
from feedserver.posts.model import Post
from feedserver.request_body import MAX_BODY
from feedserver.storage.engine import Database
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.receiving import Receiver
from tests.thoughts.site import SOURCE, Form, Site, SiteWith, linking
from tests.thoughts.test_refusals import BAD_URLS, OWN_PLACES

pytestmark = pytest.mark.one_database

# What never gets as far as the database is told apart on one of them.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


# --- what is no webmention at all ---


@on_sqlite
@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/json", "multipart/form-data; boundary=x", "text/xml", "application/x-www-form"],
)
def test_another_type_of_body_is_415_and_so_is_none(site: Site, target: str, content_type: str) -> None:
    answer = site.post_form({"source": SOURCE, "target": target}, Content_Type=content_type)

    assert answer.status == 415
    assert "application/x-www-form-urlencoded" in answer.response.text
    assert site.web.fetched == []


@on_sqlite
@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-URLEncoded", "{};boundary=none"],
)
def test_a_parameter_of_the_type_and_its_letter_case_do_not_matter(site: Site, target: str, content_type: str) -> None:
    site.web.put(SOURCE, linking(target))
    form = {"source": SOURCE, "target": target}

    answer = site.post_form(form, Content_Type=content_type.format("application/x-www-form-urlencoded"))

    assert answer.status == 201


@on_sqlite
def test_a_body_over_64_kib_is_413(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    largest = f"source={SOURCE}&target={target}&more=".encode().ljust(MAX_BODY, b"x")

    assert site.post_form(largest).status == 201
    assert site.post_form(largest + b"x").status == 413
    assert site.post_form(largest * 4).status == 413


@on_sqlite
def test_a_compressed_body_is_415(site: Site, target: str) -> None:
    body = gzip.compress(f"source={SOURCE}&target={target}".encode())

    assert site.post_form(body, Content_Encoding="gzip").status == 415


@on_sqlite
@pytest.mark.parametrize("path", ["/webmention", "/webmention/"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_another_method_is_405_and_told_which_there_are(site: Site, method: str, path: str) -> None:
    response = site.client.open(path, method=method)

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.mimetype == "text/plain"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@on_sqlite
@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"target": "{target}"}, "source"),
        ({"source": SOURCE}, "target"),
        ({}, "source"),
        (b"", "source"),
        ({"source": SOURCE, "target": ""}, "target"),
        ({"source": [SOURCE, SOURCE], "target": "{target}"}, "source"),
        ({"source": SOURCE, "target": ["{target}", "{target}"]}, "target"),
        (b"source=%FF&target=x", "source"),
        (b"\x00\xff\xfe", "source"),
    ],
)
def test_a_field_that_is_missing_or_there_twice_is_400_and_named(site: Site, form: Form, field: str) -> None:
    answer = site.post_form(form, Accept="application/json")

    assert answer.status == 400
    assert (answer.state, answer.told["receipt"]) == ("refused", None)
    assert f"“{field}”" in str(answer.told["summary"])


# --- what is refused at once: the checks of pingback.ping, in their order ---


@on_sqlite
@pytest.mark.parametrize(
    "url", [url for url in BAD_URLS.values() if url], ids=[name for name in BAD_URLS if name != "empty"]
)
def test_a_source_or_target_that_is_no_url_is_400(site: Site, target: str, url: str) -> None:
    for answer, word in ((site.webmention(url, target), "source"), (site.webmention(url, url), "source")):
        assert (answer.status, answer.state) == (400, "refused")
        assert word in str(answer.told["summary"])
    if "ü" not in url:
        assert "target" in str(site.webmention(SOURCE, url).told["summary"])
    assert site.web.fetched == []
    assert site.thoughts() == []


def test_each_refusal_of_pingback_ping_is_400_with_its_words(site: Site, target: str) -> None:
    site.publish("Draft", slug="draft", draft="true")
    closed = site.url(site.publish("Closed", slug="closed", pings="closed"))
    site.rule("spam.example", "block")
    base = "http://blog.example"

    refusals = [
        (f"{base}/feed.rss", target, "the source does not exist or cannot be fetched"),
        (SOURCE, f"{base}/", "the target is not a post of this site"),
        (SOURCE, "http://other.example/posts/a-post", "the target is not a post of this site"),
        (SOURCE, f"{base}/posts/unknown", "the target does not exist"),
        (SOURCE, f"{base}/posts/draft", "the target does not exist"),
        (SOURCE, closed, "the target takes no pings"),
        (target, f"{target}?utm_source=x#top", "the source and the target are the same post"),
        ("http://www.spam.example/", target, "pings from this source are not taken"),
    ]

    for source, mentioned, words in refusals:
        answer = site.webmention(source, mentioned)
        assert (answer.status, answer.told) == (400, {"status": "refused", "summary": words, "receipt": None})
    assert site.web.fetched == []
    assert site.thoughts() == []


@on_sqlite
def test_our_own_places_are_no_sources(site: Site, target: str) -> None:
    for place in (*OWN_PLACES, "/webmention", "/webmention?target=x"):
        assert site.webmention("http://blog.example" + place, target).status == 400
    assert site.thoughts() == []


def test_a_sender_beyond_its_rate_is_429_and_told_truly_when_to_come_back(site_with: SiteWith) -> None:
    site = site_with(limits_sender=2)
    sources = [site.web.put(f"http://host{number}.example/", linking(site.target)) for number in range(3)]
    site.webmention(sources[0], site.target)
    site.clock.move(seconds=20)
    assert site.ping(sources[1], site.target).outcome == "registered", "both protocols share the limit"

    answer = site.webmention(sources[2], site.target)

    assert (answer.status, answer.state) == (429, "refused")
    seconds = int(answer.response.headers["Retry-After"])
    site.clock.now += timedelta(seconds=seconds - 2)
    assert site.webmention(sources[2], site.target).status == 429
    site.clock.now += timedelta(seconds=2)
    assert site.webmention(sources[2], site.target).status == 201


def test_too_much_waiting_is_503(site_with: SiteWith) -> None:
    site = site_with(limits_waiting=1)
    site.web.fail(SOURCE, TimedOut("too slow"))
    site.webmention(SOURCE, site.target)

    answer = site.webmention("http://third.example/", site.target)

    assert (answer.status, answer.state, answer.response.headers["Retry-After"]) == (503, "refused", "300")
    assert site.webmention(SOURCE, site.target).status == 201, "a pair that waits already is told so"


@on_sqlite
def test_a_database_that_does_not_answer_is_503(site: Site, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    monkeypatch.setattr(Database, "read", fails)

    answer = site.webmention(SOURCE, target)

    assert (answer.status, answer.state) == (503, "refused")
    assert answer.response.headers["Retry-After"] == "30"
    assert "locked" not in answer.response.text


def test_a_server_that_stops_answers_503_and_leaves_what_is_stored_to_the_next(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    site.services.waiting_slots.close()

    assert site.webmention(SOURCE, target).status == 503

    assert site.web.fetched == []
    assert site.run_jobs() == 1
    assert site.only_thought().state == "shown"


@on_sqlite
@pytest.mark.parametrize("error", [ValueError("a secret detail"), DataError("x", {}, Exception("a secret detail"))])
@pytest.mark.parametrize("accept", ["*/*", "application/json", BROWSER])
def test_an_unexpected_error_is_shown_to_the_operator_alone(
    site: Site,
    target: str,
    error: Exception,
    accept: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(Receiver, "receive", fails)

    with caplog.at_level(logging.ERROR):
        answer = site.webmention(SOURCE, target, accept=accept)

    assert answer.status == 500
    assert "a secret detail" not in answer.response.text
    assert "a secret detail" in caplog.text
    assert answer.response.headers["Access-Control-Allow-Origin"] == "*"


# --- what is stored, or known ---


@pytest.mark.parametrize(("setting", "state"), [("show", "shown"), ("hold", "held")])
def test_a_verified_webmention_is_201_with_its_receipt(site_with: SiteWith, setting: str, state: str) -> None:
    site = site_with(moderation_pingbacks=setting)
    site.web.put(SOURCE, linking(site.target))

    answer = site.webmention(f" {SOURCE}\n", f"{site.target}/?utm_source=x#part")

    assert (answer.status, answer.state) == (201, state)
    receipt = site.receipt(answer.receipt)
    assert (receipt["state"], receipt["source"]) == (state, SOURCE)
    assert receipt["timeline"][0]["detail"] == "a webmention for this post"
    assert site.only_thought().kind == "webmention"
    assert site.web.senders == ["198.51.100.7"]


REFUSED: dict[str, tuple[FetchError, str]] = {
    "no such host": (HostUnknown("the source’s host cannot be found"), "source missing"),
    "404": (BadStatus(404), "source missing"),
    "410": (BadStatus(410), "source missing"),
    "no text": (NotText("it is a picture"), "not a text"),
}


@pytest.mark.parametrize(("error", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_missing_source_is_400_with_the_words_and_the_receipt(
    site: Site, target: str, error: FetchError, reason: str
) -> None:
    site.web.fail(SOURCE, error)

    answer = site.webmention(SOURCE, target)

    assert (answer.status, answer.state) == (400, "rejected")
    assert site.receipt(answer.receipt)["reason"] == reason


def test_a_source_without_the_link_is_400_and_verified_anew_each_time(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking("http://blog.example/posts/another"))
    refused = site.webmention(SOURCE, target)
    site.web.put(SOURCE, linking(target))
    site.clock.move(seconds=300)

    answer = site.webmention(SOURCE, target)

    assert (refused.status, refused.told["summary"]) == (400, "the source holds no link to the target")
    assert (answer.status, answer.state, answer.receipt) == (201, "shown", refused.receipt)


@pytest.mark.parametrize("error", [TimedOut("too slow"), BadStatus(500), BadStatus(429)])
def test_a_source_in_trouble_is_201_and_verified_later(site: Site, target: str, error: FetchError) -> None:
    site.web.fail(SOURCE, error)

    answers = [site.webmention(SOURCE, target) for _ in range(2)]

    assert [(answer.status, answer.state) for answer in answers] == [(201, "received")] * 2
    assert answers[0].receipt == answers[1].receipt
    site.web.put(SOURCE, linking(target))
    site.clock.move(seconds=60)
    site.run_jobs()
    assert site.receipt(answers[0].receipt)["state"] == "shown"


def test_when_all_slots_are_taken_a_webmention_is_left_to_a_worker(site_with: SiteWith) -> None:
    site = site_with(pingback_wait=0, pingback_places=1)
    first = site.web.put("http://first.example/", linking(site.target))
    site.web.put(SOURCE, linking(site.target))
    site.web.gate.clear()
    site.ping(first, site.target)

    answer = site.webmention(SOURCE, site.target)

    assert (answer.status, answer.state) == (201, "received")
    site.web.wait_until_asked(first)
    site.web.gate.set()
    site.services.waiting_slots.close()
    site.run_jobs()
    assert site.states() == ["shown"] * 2


@pytest.mark.parametrize(("action", "state"), [("approve", "shown"), ("hide", "held")])
def test_a_known_webmention_is_201_with_the_same_receipt_and_looked_at_again(
    site: Site, target: str, action: Action, state: str
) -> None:
    site.web.put(SOURCE, linking(target))
    first = site.webmention(SOURCE, target)
    site.moderate(action)
    site.clock.move(seconds=300)

    again = site.webmention(SOURCE, target)

    assert (again.status, again.state, again.receipt) == (201, state, first.receipt)
    assert "looked at again" in str(again.told["summary"])
    site.run_jobs()
    assert site.web.fetched == [SOURCE] * 2


@pytest.mark.parametrize(("action", "state"), [("spam", "spam"), ("delete", "deleted")])
def test_a_webmention_that_a_moderator_removed_is_201_with_the_same_receipt_and_not_fetched(
    site: Site, target: str, action: Action, state: str
) -> None:
    site.web.put(SOURCE, linking(target))
    first = site.webmention(SOURCE, target)
    site.moderate(action)
    told = site.receipt(first.receipt)
    site.clock.move(days=1)

    again = site.webmention(SOURCE, target)

    assert (again.status, again.state, again.receipt) == (201, state, first.receipt)
    assert site.receipt(first.receipt) == told
    assert site.web.fetched == [SOURCE]
    assert site.pressing_jobs() == []


# --- in which form ---


@on_sqlite
def test_the_body_is_a_line_of_plain_text(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))

    taken = site.webmention(SOURCE, target, accept="*/*").response
    refused = site.webmention("http://missing.example/", target, accept="").response

    assert taken.content_type == refused.content_type == "text/plain; charset=utf-8"
    assert taken.text == f"the webmention was verified, and is shown with the post. {taken.headers['Location']}\n"
    assert refused.text.startswith("the source does not exist or cannot be fetched. http://blog.example/receipts/")
    assert "Location" not in refused.headers
    for response in (taken, refused):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Access-Control-Expose-Headers"] == "Location, Retry-After"
        assert response.headers["Vary"] == "Accept"
        assert "Set-Cookie" not in response.headers


@on_sqlite
def test_a_browser_is_sent_to_the_receipt(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))

    first, again = (site.webmention(SOURCE, target, accept=BROWSER).response for _ in range(2))

    assert first.status_code == again.status_code == 303
    assert first.headers["Location"] == again.headers["Location"]
    page = site.client.get(first.headers["Location"].removeprefix("http://blog.example")).text
    assert "it is shown with the post" in page


@on_sqlite
def test_a_browser_is_shown_what_was_wrong_and_the_form_again(site: Site, target: str) -> None:
    site.web.put(SOURCE, "<p>Nothing.</p>")

    unlinked = site.webmention(SOURCE, target, accept=BROWSER)
    garbled = site.post_form(b"source=%22%3E%3Cscript%3E&target=%FF", Accept=BROWSER)
    another = site.post_form(b"", Content_Type="text/plain", Accept=BROWSER)

    assert (unlinked.status, garbled.status, another.status) == (400, 400, 415)
    for answer in (unlinked, garbled, another):
        assert answer.response.mimetype == "text/html"
        assert '<form method="post" action="http://blog.example/webmention"' in answer.response.text
        assert answer.response.headers["X-Robots-Tag"] == "noindex"
    assert "the source holds no link to the target" in unlinked.response.text
    assert f'value="{SOURCE}"' in unlinked.response.text
    assert f'value="{target}"' in unlinked.response.text
    assert "http://blog.example/receipts/" in unlinked.response.text
    assert "the field “target” is not UTF-8" in garbled.response.text
    assert "<script>" not in garbled.response.text


@on_sqlite
def test_the_endpoint_has_a_page_with_a_form_for_people(site: Site, target: str) -> None:
    response = site.client.get("/webmention", query_string={"target": f'{target}"><b>'})

    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert f'value="{target}&#34;&gt;&lt;b&gt;"' in response.text
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in response.text
    assert "form-action 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    head = site.client.head("/webmention")
    assert (head.status_code, head.data) == (200, b"")
    slash = site.client.get("/webmention/?target=x")
    assert (slash.status_code, slash.headers["Location"]) == (301, "http://blog.example/webmention?target=x")


@on_sqlite
def test_scripts_of_other_sites_may_ask_and_send(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}

    preflight = site.client.options("/webmention", headers=asked | {"Access-Control-Request-Headers": "x-anything"})

    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, OPTIONS"
    assert preflight.headers["Access-Control-Allow-Headers"] == "*"
    assert preflight.headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    form = {"source": SOURCE, "target": target}
    assert site.post_form(form, Origin="https://elsewhere.example", Sec_Fetch_Site="cross-site").status == 201


@on_sqlite
def test_a_site_with_a_path_takes_webmentions_below_it(site_with: SiteWith) -> None:
    site = site_with(site_url="http://shared.example/~ann")
    target = site.url(site.publish("A post", slug="a-post"))
    site.web.put(SOURCE, linking(target))
    form = {"source": SOURCE, "target": target}

    announced = site.client.get("/~ann/posts/a-post").headers["Link"]
    taken = site.client.post("/~ann/webmention", data=form)

    assert announced == '<http://shared.example/~ann/webmention>; rel="webmention"'
    assert taken.status_code == 201
    assert taken.headers["Location"].startswith("http://shared.example/~ann/receipts/")
    assert taken.headers["Access-Control-Allow-Origin"] == "*"
    assert site.client.post("/webmention", data=form).status_code == 404


@pytest.mark.usefixtures("post")
def test_the_form_on_the_page_of_a_post_leads_to_its_receipt(site: Site, post: Post) -> None:
    page = site.page(post)
    assert 'action="http://blog.example/webmention"' in page
    assert f'name="target" value="{site.url(post)}"' in page

    typed = {"source": site.web.put(SOURCE, linking(site.url(post))), "target": site.url(post)}
    response = site.post_form(typed, Accept=BROWSER).response

    assert response.status_code == 303
    assert site.client.get(response.headers["Location"].removeprefix("http://blog.example")).status_code == 200
