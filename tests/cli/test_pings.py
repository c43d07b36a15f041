"""`feedserver ping …`: what others are told, and where pages take pings."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.sending.receiving import OtherSite

PINGBACK = "http://127.0.2.9/xmlrpc.php"


@pytest.fixture
def other(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OtherSite]:
    """Another site, which ours may contact."""
    monkeypatch.setenv("FEEDSERVER_EGRESS_ALLOW", "127.0.2.0/24")
    monkeypatch.setenv("FEEDSERVER_EGRESS_PORTS", "*")
    other = OtherSite()
    yield other
    other.close()


def test_ping_explain_says_where_a_page_takes_pings_and_what_else_was_seen(run: Run, other: OtherSite) -> None:
    other.put(
        "/moved",
        f'<link rel="pingback" href="{PINGBACK}"><a rel="webmention" href="/second">x</a>',
        ("Link", "</first>; rel=webmention"),
        ("X-Pingback", "/relative"),
    )
    page = other.put("/page", "", ("Location", "/moved"), status=301)

    for_people, for_programs = run("ping", "explain", page), run("ping", "explain", page, "--json")

    assert for_people.out == [
        f"page: {other.url}/moved",
        "status: 200",
        "protocol: webmention",
        f"endpoint: {other.url}/first",
        "found_in: Link header",
        "seen:",
        f"  webmention {other.url}/first (Link header)",
        f"  webmention {other.url}/second (<a> element)",
        "  pingback no absolute URL (X-Pingback header)",
        f"  pingback {PINGBACK} (<link> element)",
    ]
    assert json.loads(for_programs.text) == {
        "page": f"{other.url}/moved",
        "status": 200,
        "protocol": "webmention",
        "endpoint": f"{other.url}/first",
        "found_in": "Link header",
        "seen": [
            {"protocol": "webmention", "endpoint": f"{other.url}/first", "found_in": "Link header"},
            {"protocol": "webmention", "endpoint": f"{other.url}/second", "found_in": "<a> element"},
            {"protocol": "pingback", "endpoint": None, "found_in": "X-Pingback header"},
            {"protocol": "pingback", "endpoint": PINGBACK, "found_in": "<link> element"},
        ],
    }
    assert (for_people.status, for_programs.status) == (0, 0)
    assert {request.method for request in other.requests} == {"GET"}
    assert {request.path for request in other.requests} == {"/page", "/moved"}


def test_ping_explain_leaves_out_what_is_turned_off(
    run: Run, other: OtherSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = other.put("/page", "<a rel=webmention href=/x>", ("X-Pingback", PINGBACK))
    monkeypatch.setenv("FEEDSERVER_SENDING_WEBMENTIONS", "false")

    assert "protocol: pingback" in run("ping", "explain", page).out


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/nothing", "{url}: the page announces no endpoint"),
        ("/not-there", "{url}: the page answered 404 and announces no endpoint"),
        ("/trouble", "{url}: the page answered 503"),
        ("/mail", "{url}: the page announces an endpoint that is no absolute http or https URL"),
        ("/ours", "{url}: the page announces an endpoint that is on this site"),
        ("/circle", "{url} cannot be read: the page redirects in a circle"),
    ],
)
def test_ping_explain_of_a_page_without_endpoint_is_one_line(
    run: Run, other: OtherSite, path: str, complaint: str
) -> None:
    other.put("/nothing")
    other.put("/trouble", status=503)
    other.put("/mail", "<a rel=webmention href=mailto:x>", ("X-Pingback", PINGBACK))
    other.put("/ours", '<a rel=webmention href="http://blog.example/webmention">')
    other.put("/circle", "", ("Location", "/circle"), status=302)

    for options in ((), ("--json",)):
        done = run("ping", "explain", other.url + path, *options)

        assert (done.status, done.out) == (1, [])
        assert done.err == ["feedserver: " + complaint.replace("{url}", other.url + path)]


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("hello", "“hello” is no absolute http or https URL"),
        ("ftp://127.0.2.1/", "“ftp://127.0.2.1/” is no absolute http or https URL"),
        ("http://127.0.3.1/", "http://127.0.3.1/ cannot be read: the page’s host cannot be found"),
        (
            "http://blog.example/posts/a",
            "http://blog.example/posts/a cannot be read: the page is on this site, or leads to it",
        ),
    ],
)
def test_ping_explain_of_what_is_never_contacted_is_one_line(
    run: Run, other: OtherSite, url: str, complaint: str
) -> None:
    done = run("ping", "explain", url)

    assert (done.status, done.out, done.err[-1:]) == (1, [], [f"feedserver: {complaint}"])
