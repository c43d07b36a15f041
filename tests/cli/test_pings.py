"""`feedserver ping …`: what others are told, and where pages take pings."""

import json
from collections.abc import Callable, Iterator
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
        (
            "http://127.0.3.1/",
            "http://127.0.3.1/ cannot be read: the page is not contacted: "
            "its address 127.0.3.1 is not public, and in no network of egress.allow",
        ),
        (
            "http://127.0.2.1:8090/",
            "http://127.0.2.1:8090/ cannot be read: the page is not contacted: port 8090 is not in egress.ports",
        ),
        (
            "http://blog.example/posts/a",
            "http://blog.example/posts/a cannot be read: the page is on this site, or leads to it",
        ),
    ],
)
def test_ping_explain_of_what_is_never_contacted_says_why(
    run: Run, other: OtherSite, monkeypatch: pytest.MonkeyPatch, url: str, complaint: str
) -> None:
    monkeypatch.setenv("FEEDSERVER_EGRESS_PORTS", "80")

    done = run("ping", "explain", url)

    assert (done.status, done.out, done.err[-1:]) == (1, [], [f"feedserver: {complaint}"])


@pytest.mark.parametrize("host", ["127.0.3.1", "localhost", "10.1.2.3", "[::1]"])
def test_ping_explain_says_of_an_endpoint_that_is_never_contacted_why(run: Run, other: OtherSite, host: str) -> None:
    page = other.put("/page", f'<a rel="webmention" href="http://{host}:8090/x">x</a>', ("X-Pingback", PINGBACK))

    for options in ((), ("--json",)):
        done = run("ping", "explain", page, *options)

        assert (done.status, done.out) == (1, [])
        assert done.err[-1].startswith(f"feedserver: {page}: its endpoint is not contacted: its address ")
        assert done.err[-1].endswith(f"(http://{host}:8090/x, <a> element)")


def test_ping_explain_names_an_endpoint_whose_host_cannot_be_found_and_says_so(run: Run, other: OtherSite) -> None:
    page = other.put("/page", '<a rel="webmention" href="http://nowhere.invalid/x">x</a>')

    done = run("ping", "explain", page)

    assert "endpoint: http://nowhere.invalid/x" in done.out
    assert done.err == ["feedserver: http://nowhere.invalid/x: its endpoint’s host cannot be found"]


# --- list, send, retry ---

KEYS = [
    *("id", "post", "target", "source", "protocol", "endpoint", "state", "detail", "attempts", "told_at"),
    *("next_try_at", "receipt"),
]


@pytest.fixture
def told(run: Run, other: OtherSite, write: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A post that links to two pages, of which one was told and one has refused; the URL of the one that was told."""
    monkeypatch.setenv("FEEDSERVER_SENDING_DELAY", "0")
    monkeypatch.setenv("FEEDSERVER_LIMITS_HOST", "1000")
    good = other.put("/good", '<a rel="webmention" href="/takes">x</a>')
    other.put("/takes", "", ("Location", "/status/1"), status=201)
    bad = other.put("/bad", "", ("Link", '</refuses>; rel="webmention"'))
    other.put("/refuses", "no, thanks \x1b[31m", status=400, kind="text/plain")
    assert run("init", "--no-example").status == 0
    assert run("post", "add", write(f"---\ntitle: Here\n---\n[a]({good}#part) [b]({bad})\n")).status == 0
    assert run("jobs", "run", "--until-idle").status == 0
    return f"{good}#part"


def pings(run: Run, *more: str) -> list[dict[str, object]]:
    listed = run("ping", "list", "--json", *more)
    assert (listed.status, listed.err) == (0, [])
    found: list[dict[str, object]] = json.loads(listed.text)
    return found


def test_ping_list_says_what_became_of_each_ping_newest_first(run: Run, other: OtherSite, told: str) -> None:
    (refused,), (good,) = pings(run, "--state", "refused"), pings(run, "--state", "told", "--post", "here")

    assert [*good] == [*refused] == KEYS
    assert sorted(ping["id"] for ping in pings(run)) == [1, 2]  # type: ignore[type-var]
    assert {**good, "id": 0, "told_at": str(good["told_at"])[-1], "detail": None} == {
        "id": 0,
        "post": "here",
        "target": told,
        "source": "http://blog.example/posts/here",
        "protocol": "webmention",
        "endpoint": f"{other.url}/takes",
        "state": "told",
        "detail": None,
        "attempts": 1,
        "told_at": "Z",
        "next_try_at": None,
        "receipt": f"{other.url}/status/1",
    }
    assert (refused["told_at"], refused["receipt"], refused["next_try_at"]) == (None, None, None)
    assert "no, thanks" in str(refused["detail"])
    assert run("ping", "list", "--post", "unknown").status == 1
    assert run("ping", "list", "--state", "unknown").status == 2


@pytest.mark.usefixtures("told")
def test_the_table_of_pings_fits_a_terminal(run: Run) -> None:
    table = run("ping", "list").out

    assert table[0].split() == "id state told / next try post target what came of it".split()
    assert len(table) == 3
    assert max(map(len, table)) <= 100
    assert "\x1b" not in "".join(table)


def test_the_table_of_pings_tells_pages_of_one_host_apart(
    run: Run, other: OtherSite, write: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSERVER_SENDING_DELAY", "0")
    links = [other.put(f"/2026/{page}") for page in ("ants", "bees")]
    assert run("init", "--no-example").status == 0
    assert run("post", "add", write(f"---\ntitle: {'long ' * 30}\n---\n{' '.join(links)}\n")).status == 0
    assert run("jobs", "run", "--until-idle").status == 0

    _, *lines = run("ping", "list").out

    shown = sorted(word for line in lines for word in line.split() if "/2026/" in word)
    assert shown == [link.removeprefix("http://") for link in links]


@pytest.mark.usefixtures("told")
def test_ping_list_is_as_long_as_it_is_asked_to_be(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedserver.cli.arguments._NEWEST", 1)
    newest_first = [ping["id"] for ping in pings(run)]

    assert [ping["id"] for ping in pings(run, "--limit", "1")] == newest_first[:1]
    _, line, more = run("ping", "list").out
    assert line.split()[0] == str(newest_first[0])
    assert more == "the newest 1 of 2 pings; --all lists all of them"
    assert len(run("ping", "list", "--state", "told").out) == 2
    assert len(run("ping", "list", "--all").out) == len(run("ping", "list", "--limit", "2").out) == 3
    assert run("ping", "list", "--limit", "0").status == 2


@pytest.mark.usefixtures("told")
def test_ping_send_tells_all_pages_once_more_now(run: Run, other: OtherSite) -> None:
    other.requests.clear()

    sent = run("ping", "send", "here")
    assert (sent.status, len(sent.out)) == (0, 1)
    assert {ping["state"] for ping in pings(run)} == {"waiting"}
    run("jobs", "run", "--until-idle")

    assert sorted(received.path for received in other.requests if received.method == "POST") == ["/refuses", "/takes"]
    assert {ping["state"]: ping["attempts"] for ping in pings(run)} == {"told": 2, "refused": 2}


@pytest.mark.usefixtures("told")
def test_ping_send_refuses_what_readers_do_not_see_or_says_so_itself(run: Run, write: Callable[..., str]) -> None:
    for name, front in (("draft", "draft: true"), ("later", "date: 2099-01-01"), ("quiet", "tell: false")):
        assert run("post", "add", write(f"---\ntitle: {name}\n{front}\n---\n[a](http://a.example/)\n")).status == 0
    run("post", "add", write("---\ntitle: gone\n---\nWords.\n"))
    run("post", "delete", "gone")

    refused = [run("ping", "send", slug) for slug in ("draft", "later", "quiet", "gone", "unknown")]

    assert [(one.status, one.out, len(one.err)) for one in refused] == [(1, [], 1)] * 5
    assert "“draft” is a draft" in refused[0].err[0]
    assert "scheduled" in refused[1].err[0]
    assert "tell: false" in refused[2].err[0]


@pytest.mark.usefixtures("told")
def test_ping_send_of_a_post_without_links_says_so(run: Run, write: Callable[..., str]) -> None:
    run("post", "add", write("---\ntitle: Alone\n---\n[me](/posts/here)\n"))

    assert run("ping", "send", "alone").out == ["“alone” links to no page elsewhere"]


@pytest.mark.usefixtures("told")
def test_ping_retry_tries_again_what_was_refused_and_says_why_it_does_not(run: Run, other: OtherSite) -> None:
    (good,), (refused,) = pings(run, "--state", "told"), pings(run, "--state", "refused")
    other.put("/refuses", "", status=202)

    tried = run("ping", "retry", str(good["id"]), str(refused["id"]), "99")
    run("jobs", "run", "--until-idle")

    assert tried.status == 1
    assert tried.out == [f"{refused['id']}  {other.url}/bad"]
    assert ["was told" in tried.err[0], "no ping has the id 99" in tried.err[1]] == [True, True]
    assert {ping["state"] for ping in pings(run)} == {"told"}
    assert run("ping", "retry", "x").status == 2


@pytest.mark.usefixtures("told")
def test_who_asks_is_told_what_keeps_others_from_being_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "`feedserver jobs run`" in run("ping", "send", "here").err[0]

    monkeypatch.setenv("FEEDSERVER_SENDING_WEBMENTIONS", "false")
    monkeypatch.setenv("FEEDSERVER_SENDING_PINGBACKS", "false")

    assert "nobody is told now: sending.webmentions" in run("ping", "send", "here").err[0]


@pytest.mark.usefixtures("told")
def test_what_others_were_told_of_an_erased_post_goes_when_they_have_heard_of_its_end(
    run: Run, other: OtherSite
) -> None:
    other.requests.clear()
    run("post", "delete", "here")
    run("post", "erase", "here")
    assert [ping["target"] for ping in pings(run)] == [f"{other.url}/good#part"]

    run("jobs", "run", "--until-idle")

    assert [received.path for received in other.requests] == ["/good", "/takes"]
    assert pings(run) == []
