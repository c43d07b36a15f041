"""Comments and pings of an import: with their states, dates and parents, once, and verified no more."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from feedserver.jobs import store as jobs
from feedserver.services import WebServices
from feedserver.thoughts import listing, timeline
from feedserver.thoughts.listing import Filters
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation import actions, erase
from tests.posts.builders import everything
from tests.transfer.imports.exports import OLD, START, Exports, comment, ping, post

SOURCE = "https://elsewhere.example/about-it"


def thoughts(services: WebServices) -> list[Thought]:
    """All thoughts, the oldest first."""
    with services.database.read() as connection:
        return list(reversed(listing.listed(connection, listing.ids(connection, Filters()))))


def test_a_comment_keeps_its_state_date_and_author_and_no_address(services: WebServices, exports: Exports) -> None:
    exports.run(
        services,
        post(),
        comment("1", author_url="https://ann.example/"),
        comment("2", state="held", at=START + timedelta(hours=2), author_url="javascript:x"),
        comment("3", state="spam", at=START + timedelta(hours=3)),
        comment("4", state="deleted", at=START + timedelta(hours=4)),
    )

    found = thoughts(services)
    assert [one.state for one in found] == ["shown", "held", "spam", "deleted"]
    assert [one.received_at for one in found] == [START + timedelta(hours=hour) for hour in (1, 2, 3, 4)]
    assert (found[0].author_name, found[0].author_url) == ("Ann", "https://ann.example/")
    assert found[0].excerpt == "Comment 1."
    assert found[1].author_url == ""


def test_positions_are_in_the_order_of_dates(services: WebServices, exports: Exports) -> None:
    exports.run(services, post(), *(comment(str(hour), at=START + timedelta(hours=hour)) for hour in (3, 1, 2)))

    assert [(one.excerpt, one.position) for one in thoughts(services)] == [
        ("Comment 1.", 1),
        ("Comment 2.", 2),
        ("Comment 3.", 3),
    ]


def test_an_answer_names_what_it_answers_though_it_came_first(services: WebServices, exports: Exports) -> None:
    remarks = exports.run(
        services,
        post(),
        comment("1", at=START + timedelta(hours=5)),
        comment("2", parent="1", at=START + timedelta(hours=1)),
        comment("3", parent="2", at=START + timedelta(hours=2)),
        comment("4", parent="gone", at=START + timedelta(hours=3)),
    )

    by_words = {one.excerpt: one for one in thoughts(services)}
    first, second, third, fourth = (by_words[f"Comment {number}."] for number in range(1, 5))
    assert (first.parent_id, second.parent_id, third.parent_id, fourth.parent_id) == (None, first.id, second.id, None)
    assert [(one.treatment, one.where) for one in remarks] == [("changed", "comment 4")]


def test_an_answer_that_comes_with_a_later_import_finds_its_parent(services: WebServices, exports: Exports) -> None:
    exports.run(services, post(), comment("1"))
    exports.run(services, post(), comment("1"), comment("2", parent="1", at=START + timedelta(hours=2)))

    first, second = thoughts(services)
    assert second.parent_id == first.id


def test_a_ping_is_known_afterwards_and_never_verified(
    services: WebServices, exports: Exports, client: FlaskClient
) -> None:
    exports.run(services, post(), ping("1", "http://Elsewhere.example:80/about-it#x"))

    (one,) = thoughts(services)
    with services.database.read() as connection:
        lines = timeline.events(connection, one.id)
        waiting = [job.kind for job in jobs.everything(connection)]
    assert (one.kind, one.state, one.excerpt, one.target) == (
        "pingback",
        "shown",
        "[…] words [&]",
        "http://blog.example/posts/post-1",
    )
    assert [line.event for line in lines] == ["received", "decided"]
    assert "verify" not in waiting
    assert client.get(f"/receipts/{one.receipt_token}").status_code == 200

    call = "<methodCall><methodName>pingback.ping</methodName><params>"
    call += "".join(f"<param><value><string>{url}</string></value></param>" for url in (SOURCE, one.target))
    answer = client.post("/pingback", data=f"{call}</params></methodCall>", content_type="text/xml")
    assert b"<int>48</int>" in answer.data


def test_one_page_is_one_ping(services: WebServices, exports: Exports) -> None:
    remarks = exports.run(
        services,
        post(),
        ping("1", SOURCE),
        ping("2", f"{SOURCE}#again", at=START + timedelta(hours=2)),
        ping("3", "no address", at=START + timedelta(hours=3)),
    )

    assert [one.source for one in thoughts(services)] == [SOURCE]
    assert [remark.where for remark in remarks] == ["comment 2", "comment 3"]


def test_a_like_is_counted_among_reactions(services: WebServices, exports: Exports, client: FlaskClient) -> None:
    exports.run(services, post(), comment("1", kind="webmention", source=SOURCE, response="like", text=""))

    (one,) = thoughts(services)
    assert (one.response, one.position) == ("like", 0)
    assert "Liked by" in client.get("/posts/post-1").text


@pytest.mark.parametrize(
    "target",
    [
        f"{OLD}/2019/05/post-1/",
        "http://www.old.example/2019/05/post-1",
        f"{OLD}/2019/05/post-1/index.html",
        f"{OLD}/2019/05/post-1/?utm_source=feed#comments",
        "/?p=1",
        "http://blog.example/posts/post-1",
    ],
)
def test_a_thought_finds_its_post_by_any_address_of_it(target: str, services: WebServices, exports: Exports) -> None:
    remarks = exports.run(services, post(addresses=("/?p=1",)), comment("1", target=target))

    assert remarks == []
    assert [one.post_slug for one in thoughts(services)] == ["post-1"]


def test_what_is_on_no_post_here_is_left_out(services: WebServices, exports: Exports) -> None:
    exports.holds(
        post("1"),
        post("2", page=True, slug="about"),
        comment("1", post="2"),
        comment("2", target=f"{OLD}/nowhere"),
        comment("3", text=" "),
    )

    _, planned, _ = exports.plan(services)
    remarks = exports.run(services)

    assert thoughts(services) == []
    assert [remark.where for remark in remarks] == ["comment 1", "comment 2", "comment 3"]
    assert [remark.where for remark in planned] == ["comment 1", "comment 2", "comment 3"]


def test_what_was_removed_here_is_not_brought_back(services: WebServices, exports: Exports) -> None:
    items = (post(), comment("1"), ping("2", SOURCE, at=START + timedelta(hours=2)))
    exports.run(services, *items)
    ids = [one.id for one in thoughts(services)]
    actions.moderate_all(services.database, ids[:1], "delete", services.clock())
    erase.erase(services.database, ids[1:], services.clock())
    before = everything(services)

    exports.run(services, *items)

    assert everything(services) == before


def test_a_long_comment_is_cut_and_told(services: WebServices, exports: Exports) -> None:
    (remark,) = exports.run(services, post(), comment("1", text="long " * 100_000))

    assert (remark.treatment, remark.where) == ("changed", "comment 1")
    assert len(thoughts(services)[0].excerpt) <= 10_000


def test_page_and_feeds_say_what_an_answer_answers(
    services: WebServices, exports: Exports, client: FlaskClient
) -> None:
    exports.run(
        services, post(), comment("1"), comment("2", parent="1", author_name="Bo", at=START + timedelta(hours=2))
    )

    first, second = thoughts(services)
    permalink = f"http://blog.example/posts/post-1#thought-{first.id}"
    assert f'<a class="u-in-reply-to" href="{permalink}">in reply to <span dir="auto">Ann</span></a>' in (
        client.get("/posts/post-1").text
    )
    atom = client.get("/posts/post-1/thoughts.atom").text
    assert f'ref="{first.guid}"' in atom
    assert client.get("/thoughts.json").get_json()["items"][0]["title"] == "Bo in reply to Ann on “Title 1”"

    actions.moderate_all(services.database, [first.id], "hide", services.clock())
    assert "in reply to" not in client.get("/posts/post-1").text
    assert second.parent_id == first.id


def test_a_plan_counts_no_thought_on_a_page_as_new(services: WebServices, exports: Exports) -> None:
    items = (post(), post("2", page=True, slug="about"), comment("1"), comment("2", post="2"))

    first, *_ = exports.plan(services, *items)
    exports.run(services)
    again, *_ = exports.plan(services)

    assert (first.plan.thoughts.new, first.plan.thoughts.refused) == (1, 1)
    assert (again.plan.thoughts.new, again.plan.thoughts.known, again.plan.thoughts.refused) == (0, 1, 1)
