"""Likes, reposts and bookmarks: no numbered thoughts, and a person counts once."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Row, select, text

from feedserver.posts.model import Post
from feedserver.storage.schema import thoughts
from feedserver.thoughts import reactions, shown, store
from feedserver.thoughts.model import Content, Response, Thought, person_of
from feedserver.thoughts.moderation.actions import moderate_all, undo
from tests.feeds.happenings import of_id, respond, say, says
from tests.pages.builders import elements, hrefs, texts
from tests.thoughts.site import SOURCE, Site

REACTIONS: tuple[Response, ...] = ("like", "repost", "bookmark")


def positions(site: Site) -> list[int | None]:
    """Those of all thoughts, in the order of their ids."""
    with site.services.database.read() as connection:
        return list(connection.execute(select(thoughts.c.position).order_by(thoughts.c.id)).scalars())


def numbered(site: Site, post: Post, page: int = 1) -> list[int]:
    with site.services.database.read() as connection:
        return [thought.id for thought in shown.on_page(connection, post.id, page, site.services.urls)]


def lines(site: Site, post: Post) -> list[tuple[Response, list[str], int]]:
    with site.services.database.read() as connection:
        found = reactions.on_post(connection, post.id, site.services.urls)
    return [(line.response, [one.author_name for one in line.named], line.others) for line in found]


def now_it_is(site: Site, thought: Thought, response: Response) -> None:
    """Its source is changed, and was inspected again."""
    present = of_id(site.services, thought.id)
    says(site.services, present, replace(present.content, response=response))


@pytest.mark.parametrize("response", REACTIONS)
def test_a_reaction_takes_no_position(site: Site, post: Post, response: Response) -> None:
    respond(site.services, post, "mention")
    respond(site.services, post, response)
    respond(site.services, post, "reply")
    respond(site.services, post, "rsvp")
    say(site.services, post)

    assert positions(site) == [1, 0, 2, 3, 4]
    assert numbered(site, post) == [1, 3, 4, 5]
    assert lines(site, post) == [(response, ["Ann"], 0)]


def test_a_reaction_that_becomes_a_reply_is_numbered_then(site: Site, post: Post) -> None:
    like = respond(site.services, post, "like")
    say(site.services, post)

    now_it_is(site, like, "reply")

    assert positions(site) == [2, 1]
    assert numbered(site, post) == [2, 1]
    assert lines(site, post) == []


def test_a_reply_that_becomes_a_reaction_keeps_its_position_and_is_not_numbered(site: Site, post: Post) -> None:
    reply = respond(site.services, post, "reply")
    say(site.services, post)

    now_it_is(site, reply, "repost")
    say(site.services, post)

    assert positions(site) == [1, 2, 3]
    assert numbered(site, post) == [2, 3]
    assert lines(site, post) == [("repost", ["Ann"], 0)]
    now_it_is(site, reply, "reply")
    assert positions(site) == [1, 2, 3]
    assert numbered(site, post) == [1, 2, 3]


def test_a_reaction_that_waits_is_not_numbered_when_it_is_approved(site: Site, post: Post) -> None:
    like = respond(site.services, post, "like", state="held")
    assert lines(site, post) == []

    moderate_all(site.services.database, [like.id], "approve", site.clock())
    respond(site.services, post, "mention")

    assert positions(site) == [0, 1]
    assert lines(site, post) == [("like", ["Ann"], 0)]


def test_not_even_an_older_program_beside_this_one_numbers_a_reaction(site: Site, post: Post) -> None:
    respond(site.services, post, "like", state="held")

    with site.services.database.write() as connection:
        connection.execute(text("UPDATE thoughts SET state = 'shown' WHERE state = 'held'"))

    assert positions(site) == [0]


def test_what_waits_as_a_reply_is_numbered_when_it_is_shown(site: Site, post: Post) -> None:
    held = respond(site.services, post, "like", state="held")

    now_it_is(site, held, "reply")
    assert positions(site) == [None]
    say(site.services, post)
    moderate_all(site.services.database, [held.id], "approve", site.clock())

    assert positions(site) == [2, 1]


def test_an_approved_reaction_stays_one_until_its_new_words_are_approved(site: Site, post: Post) -> None:
    like = respond(site.services, post, "like")
    moderate_all(site.services.database, [like.id], "approve", site.clock())

    now_it_is(site, like, "reply")
    assert positions(site) == [0]
    moderate_all(site.services.database, [like.id], "approve", site.clock())
    assert (positions(site), lines(site, post)) == ([1], [])
    undo(site.services.database, site.clock())

    assert (numbered(site, post), lines(site, post)) == ([], [("like", ["Ann"], 0)])


def test_the_first_who_reacted_are_named_and_the_others_counted(site: Site, post: Post) -> None:
    for name in ("Ann", "Bo", "Cy"):
        respond(site.services, post, "like", name)
    respond(site.services, post, "repost", "Cy")
    assert lines(site, post) == [("like", ["Ann", "Bo", "Cy"], 0), ("repost", ["Cy"], 0)]

    for name in ("Di", "Ed"):
        respond(site.services, post, "like", name)

    assert lines(site, post)[0] == ("like", ["Ann", "Bo"], 3)


def test_a_person_is_named_and_counted_once(site: Site, post: Post) -> None:
    for name in ("Ann", "Ann", "Bo", "Ann", "Cy", "Di", "Di"):
        respond(site.services, post, "bookmark", name)

    assert lines(site, post) == [("bookmark", ["Ann", "Bo"], 2)]


def test_who_leaves_makes_room_for_others(site: Site, post: Post) -> None:
    first = respond(site.services, post, "like", "Ann")
    for name in ("Bo", "Cy", "Di"):
        respond(site.services, post, "like", name)

    moderate_all(site.services.database, [first.id], "hide", site.clock())

    assert lines(site, post) == [("like", ["Bo", "Cy", "Di"], 0)]


def test_reactions_are_those_of_one_post(site: Site, post: Post) -> None:
    other = site.publish("Another", slug="another")
    respond(site.services, post, "like", "Ann")
    respond(site.services, other, "like", "Bo")

    assert lines(site, post) == [("like", ["Ann"], 0)]


def test_a_name_is_linked_to_its_source_where_our_own_site_is_now(site: Site, post: Post) -> None:
    own = site.publish("Mine", slug="mine", body=f"[A post]({site.url(post)})")
    thought = respond(site.services, post, "like", at="http://former.example/posts/mine")
    with site.services.database.write() as connection:
        connection.execute(thoughts.update().values(page_key=f"post {own.id}"))
    with site.services.database.read() as connection:
        (line,) = reactions.on_post(connection, post.id, site.services.urls)

    assert [one.source for one in line.named] == [site.url(own)]
    assert thought.source != site.url(own)


def entry(relation: str, target: str, words: str = "") -> str:
    """A page that is one h-entry, by Ann, of May 2024."""
    return f"""<!doctype html><title>Ann's notes</title><article class="h-entry">
        <a class="p-author h-card" href="http://other.example/ann">Ann</a>
        <time class="dt-published" datetime="2024-05-06T07:08:09Z"></time>
        <a class="{relation}" href="{target}">this post</a><div class="e-content">{words}</div></article>"""


def test_a_page_that_likes_a_post_is_a_name_on_it_and_a_thought_once_it_replies(site: Site, target: str) -> None:
    site.web.put(SOURCE, entry("u-like-of", target))
    site.webmention(SOURCE, target)
    page = site.client.get(target.removeprefix("http://blog.example")).text
    assert texts(page, "p.reactions") == ["Liked by Ann"]
    assert hrefs(page, "p.reactions a") == [SOURCE]
    assert texts(page, "#thoughts-heading") == ["No thoughts on “A post” yet"]

    site.web.put(SOURCE, entry("u-in-reply-to", target, "<p>Not so.</p><p>Not at all.</p>"))
    site.clock.move(hours=1)
    site.webmention(SOURCE, target)
    site.run_jobs()

    page = site.client.get(target.removeprefix("http://blog.example")).text
    assert elements(page, "p.reactions") == []
    assert texts(page, "#thoughts > li .p-content p") == ["Not so.", "Not at all."]
    assert elements(page, "#thoughts time")[0].attrs["datetime"] == "2024-05-06T07:08:09Z"
    assert positions(site) == [1]


def test_people_whom_a_bridge_speaks_for_are_told_apart_by_their_addresses(site: Site, target: str) -> None:
    for number, who in enumerate(("ann", "bo", "ann")):
        source = site.web.put(
            f"https://brid.gy/like/mastodon/@me@social.example/1/{number}",
            f"""<!doctype html><article class="h-entry"><div class="p-author h-card">
                <a class="p-name u-url" href="https://social.example/@{who}">{who.title()}</a></div>
                <a class="u-like-of" href="{target}"></a></article>""",
        )
        site.webmention(source, target)

    page = site.client.get(target.removeprefix("http://blog.example")).text

    assert texts(page, "p.reactions") == ["Liked by Ann and Bo"]


A_LIKE = "https://ann.example/likes/1"


def content(url: str, name: str = "Ann") -> Content:
    return Content(name, url, "", "", response="like")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((content("https://ann.example/about"), A_LIKE), (content("http://ANN.example/about/", "Ann B."), A_LIKE)),
        (
            (content("https://social.example/@ann"), A_LIKE),
            (content("https://social.example/@ann"), "https://brid.gy/1"),
        ),
        ((content("https://ann.example/"), A_LIKE), (content("https://ann.example/", "ANN"), "https://ann.example/2")),
        ((content(""), A_LIKE), (content("https://www.ann.example/"), "https://www.ann.example/2")),
    ],
    ids=["spellings of an address", "one address from two sites", "a name on one site", "on its subdomains"],
)
def test_these_are_one_person(one: tuple[Content, str], other: tuple[Content, str]) -> None:
    assert person_of(*one) == person_of(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((content("https://ann.example/?author=1"), A_LIKE), (content("https://ann.example/?author=2"), A_LIKE)),
        ((content("https://ann.example/"), A_LIKE), (content("https://ann.example/", "Bo"), A_LIKE)),
        ((content(""), A_LIKE), (content(""), "https://other.example/1")),
        ((content(""), "https://brid.gy/like/1"), (content("", "Bo"), "https://brid.gy/like/2")),
    ],
    ids=["two addresses", "two names on a site", "one name on two sites", "two of a bridge"],
)
def test_these_are_two(one: tuple[Content, str], other: tuple[Content, str]) -> None:
    assert person_of(*one) != person_of(*other)


def test_a_post_that_many_like_reads_few_thoughts(site: Site, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in range(150):
        respond(site.services, post, "like", f"P{place}")
    read: list[Thought] = []

    def thought_of(row: Row[Any]) -> Thought:
        read.append(store.thought_of(row))
        return read[-1]

    monkeypatch.setattr(reactions, "thought_of", thought_of)

    assert lines(site, post) == [("like", ["P0", "P1"], 148)]
    assert len(read) == 2
