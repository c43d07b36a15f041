"""What public suites ask of a receiver of webmentions, with sources on a real HTTP server.

The thirteen cases of webmentiond's conformance tests by their names, those of the implementation report
(implementation-reports/TEMPLATE.md of w3c/webmention, by section of the Recommendation), and those of webmention.rocks.
"""

import threading
from collections.abc import Iterator

import pytest

from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.support.outside import Clock
from tests.support.serving import Blog
from tests.thoughts.site import Site, SlowWeb, Webmentioned, changed, linking


@pytest.fixture(scope="module")
def other() -> Iterator[Blog]:
    blog = Blog()
    yield blog
    blog.close()


@pytest.fixture
def site(settings: Settings, clock: Clock) -> Iterator[Site]:
    """A site that fetches for itself, and looks again whenever it is asked to."""
    services = WebServices(
        changed(settings, limits_refetch=1, pingback_wait=20.0, egress_timeout=1.0, egress_max_bytes=20_000), clock
    )
    yield Site(services, clock, SlowWeb())
    services.waiting_slots.close()
    services.database.close()


@pytest.fixture
def target(site: Site) -> str:
    return site.url(site.publish("A post", slug="a-post"))


def send_again(site: Site, source: str, *targets: str) -> list[Webmentioned]:
    """Sends webmentions for a source that was sent before, and carries out what they ask for."""
    site.clock.move(seconds=2)
    answers = [site.webmention(source, target) for target in targets]
    site.run_jobs()
    return answers


# --- webmentiond ---


def test_case_1_request_verification_url_validation(site: Site, target: str) -> None:
    assert site.webmention("<>", target).status == 400


def test_case_2_request_verification_allowed_target(site: Site, target: str, other: Blog) -> None:
    source = other.put("/case-2", linking(target))

    assert site.webmention(source, target).status == 201
    assert site.webmention(source, "https://not-allowed.example/posts/a-post").status == 400


def test_case_3_request_verification_allowed_target_ignore_fragment(site: Site, target: str, other: Blog) -> None:
    source = other.put("/case-3", linking(target))

    assert site.webmention(source, f"{target}#fragment").status == 201
    assert site.webmention(source, "https://not-allowed.example/posts/a-post#fragment").status == 400


def test_case_4_webmention_validation_do_async(site: Site, settings: Settings, clock: Clock, other: Blog) -> None:
    services = WebServices(changed(settings, pingback_places=0), clock)
    unhurried = Site(services, clock, SlowWeb())
    target = unhurried.url(unhurried.publish("Another"))
    source = other.put("/case-4", linking(target))

    answer = unhurried.webmention(source, target)

    assert (answer.status, answer.state) == (201, "received")
    assert "/case-4" not in [received.path for received in other.requests]
    unhurried.run_jobs()
    assert unhurried.receipt(answer.receipt)["state"] == "shown"
    services.database.close()


def test_case_5_webmention_validation_follow_at_least_one_redirect(site: Site, target: str, other: Blog) -> None:
    other.put("/case-5/actual", linking(target))
    source = other.put("/case-5/redirect", "", status=307, headers={"Location": "/case-5/actual"})

    assert site.webmention(source, target).state == "shown"


def test_case_6_webmention_validation_stop_after_n_redirects(site: Site, target: str, other: Blog) -> None:
    other.put("/case-6/0", linking(target))
    urls = [
        other.put(f"/case-6/{number}", "", status=307, headers={"Location": f"/case-6/{number - 1}"})
        for number in range(1, 7)
    ]

    assert (site.webmention(urls[5], target).status, len(site.thoughts())) == (400, 1)
    assert site.webmention(urls[4], target).state == "shown"


ELEMENTS = {
    "case 7 html-verification reject-text": ("{}", 400),
    "case 8 html-verification link-in-video": ('<video><source src="{}"></video>', 201),
    "case 9 html-verification link-in-audio": ('<audio><source src="{}"></audio>', 201),
    "case 10 html-verification reject-link-in-comment": ('<!-- <a href="{}">Target</a> -->', 400),
    "case 11 html-verification link-in-img": ('<img src="{}">', 201),
    "report 3.2.2 in a": ('<a href="{}">Target</a>', 201),
    "report 3.2.2 in video itself": ('<video src="{}"></video>', 201),
    "report 3.2.2 in audio itself": ('<audio src="{}"></audio>', 201),
    "report 3.2.2 not in the document": ("<p>Nothing.</p>", 400),
}


@pytest.mark.parametrize(("markup", "status"), ELEMENTS.values(), ids=ELEMENTS)
def test_link(site: Site, target: str, other: Blog, markup: str, status: int) -> None:
    source = other.put("/element", f"<html><body>{markup.format(target)}</body></html>")

    assert site.webmention(source, target).status == status
    assert site.only_thought().state == ("shown" if status == 201 else "rejected")


def test_case_12_update_tests_remove_if_link_missing(site: Site, target: str, other: Blog) -> None:
    source = other.put("/case-12", linking(target))
    site.webmention(source, target)
    other.put("/case-12", "<html><body></body></html>")

    send_again(site, source, target)

    assert site.only_thought().state == "gone"
    assert "thought-" not in site.client.get("/posts/a-post").text


def test_case_13_update_tests_recognize_410(site: Site, target: str, other: Blog) -> None:
    source = other.put("/case-13", linking(target))
    site.webmention(source, target)
    other.put("/case-13", "Gone", status=410)

    send_again(site, source, target)

    assert site.only_thought().state == "gone"


# --- the implementation report ---


def test_report_3_2_4_an_update_is_no_new_response_and_brings_the_new_words(
    site: Site, target: str, other: Blog
) -> None:
    source = other.put("/update", linking(target, before="Before: "))
    first = site.webmention(source, target)
    other.put("/update", linking(target, before="Afterwards: "))

    (again,) = send_again(site, source, target)

    assert (again.status, again.receipt) == (201, first.receipt)
    assert "Afterwards: " in site.only_thought().excerpt


def test_report_3_2_4_a_404_takes_nothing_away_at_once(site: Site, target: str, other: Blog) -> None:
    source = other.put("/case-404", linking(target))
    site.webmention(source, target)
    del other.pages["/case-404"]

    send_again(site, source, target)

    assert site.only_thought().state == "shown"


def test_report_4_2_time_and_bytes_of_a_source_are_limited(site: Site, target: str, other: Blog) -> None:
    is_over = threading.Event()
    slow = Blog(delay=lambda: is_over.wait(10) or 0.0)
    try:
        late = site.webmention(slow.put("/late", linking(target)), target)
    finally:
        is_over.set()
        slow.close()
    large = site.webmention(other.put("/large", "x" * 30_000 + linking(target)), target)

    assert (late.status, late.state) == (201, "received")
    assert (large.status, site.receipt(large.receipt)["reason"]) == (400, "no link before the size limit")


def test_report_4_5_what_a_source_says_is_shown_as_text(site: Site, target: str, other: Blog) -> None:
    said = "&lt;script&gt;alert(1)&lt;/script&gt; "
    source = other.put("/evil", linking(target, before=said, title=f"{said}<b>"))

    assert site.webmention(source, target).state == "shown"

    page = site.client.get("/posts/a-post").text
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 1


def test_report_4_4_further_parameters_and_cookies_change_nothing(site: Site, target: str, other: Blog) -> None:
    source = other.put("/parameters", linking(target))
    form = {
        "source": source,
        "target": target,
        "vouch": "https://a.example/",
        "code": "x",
        "redirect": "//evil.example",
    }

    answer = site.post_form(form, Cookie="session=x", Origin="https://evil.example", Accept="application/json")

    assert answer.status == 201
    assert "Set-Cookie" not in answer.response.headers


# --- webmention.rocks ---


def test_rocks_receiver_1_a_webmention_is_taken_and_a_201_names_its_status_page(
    site: Site, target: str, other: Blog
) -> None:
    response = site.post_form({"source": other.put("/receive-1", linking(target)), "target": target}).response

    assert response.status_code == 201
    status_page = response.headers["Location"].removeprefix("http://blog.example")
    assert site.client.get(status_page).status_code == 200


@pytest.mark.parametrize(("source", "mentioned"), [("x", "{}"), ("http://127.0.2.1/", "x"), ("x", "x")])
def test_rocks_receiver_2_what_is_no_url_is_refused(site: Site, target: str, source: str, mentioned: str) -> None:
    assert site.webmention(source, mentioned.format(target)).status == 400


def test_rocks_update_1_as_received_a_link_that_is_added_is_shown_and_the_other_stays(
    site: Site, target: str, other: Blog
) -> None:
    added = site.url(site.publish("Another", slug="another"))
    source = other.put("/update-1", linking(target))
    site.webmention(source, target)
    other.put("/update-1", linking(target, added))

    answers = send_again(site, source, target, added)

    assert [answer.status for answer in answers] == [201, 201]
    assert site.states() == ["shown", "shown"]


def test_rocks_update_2_as_received_a_link_that_is_removed_goes_and_the_other_stays(
    site: Site, target: str, other: Blog
) -> None:
    kept = site.url(site.publish("Another", slug="another"))
    source = other.put("/update-2", linking(target, kept))
    for mentioned in (target, kept):
        site.webmention(source, mentioned)
    other.put("/update-2", linking(kept))

    send_again(site, source, target, kept)

    assert {thought.post_slug: thought.state for thought in site.thoughts()} == {"a-post": "gone", "another": "shown"}


def test_rocks_delete_1_as_received_a_page_that_is_gone_takes_its_thoughts_along(
    site: Site, target: str, other: Blog
) -> None:
    source = other.put("/delete-1", linking(target))
    site.webmention(source, target)
    other.put("/delete-1", "<title>Gone</title>", status=410)

    (answer,) = send_again(site, source, target)

    assert answer.status == 201
    assert site.only_thought().state == "gone"
    assert [again.status for again in send_again(site, source, target)] == [400], "it has gone already"
