"""Where thoughts come from, and what is known of it."""

from dataclasses import replace

import pytest

from feedserver.domains import SHARED_BY_PATH
from feedserver.thoughts.moderation import hosts, places
from feedserver.thoughts.moderation.actions import moderate_all
from feedserver.thoughts.moderation.places import Standing
from tests.thoughts.forms import Commenter
from tests.thoughts.site import SOURCE, Site


def standings(site: Site) -> dict[int, Standing]:
    with site.services.database.read() as connection:
        return places.standings(connection, [thought.id for thought in site.thoughts()])


@pytest.mark.parametrize(
    ("kind", "source", "author", "place"),
    [
        ("pingback", "http://www.blog.example/2026/hello", "", "blog.example"),
        ("pingback", "http://ann.github.io/hello", "", "ann.github.io"),
        ("pingback", "https://github.com/ann/hello", "", "github.com/ann"),
        ("pingback", "http://people.example/~ann/hello", "", "people.example/~ann"),
        ("pingback", "http://192.0.2.7:8080/hello", "", "192.0.2.7"),
        ("pingback", "http://[2001:db8::7]/hello", "", "2001:db8::7"),
        ("webmention", "https://brid.gy/like/mastodon/1", "https://social.example/@ann", "social.example/@ann"),
        ("webmention", "https://blog.example/1", "https://famous.example/", "blog.example"),
        ("pingback", "https://brid.gy/like/mastodon/1", "https://social.example/@ann", "brid.gy/like"),
    ],
)
def test_the_place_of_a_ping_is_what_rules_are_set_for(
    site: Site, target: str, kind: str, source: str, author: str, place: str
) -> None:
    site.mention(target)
    changes = {"kind": kind, "source_key": source, "author_url": author}
    thought = replace(site.only_thought(), **changes)  # type: ignore[arg-type]

    found = places.place_of(thought, SHARED_BY_PATH)

    assert found is not None
    assert found.name == place
    site.rule(place, "block")
    with site.services.database.read() as connection:
        assert hosts.rules_for(connection, [found.url]) == {found.url: "block"}


def test_comments_and_our_own_posts_have_no_place(site: Site, target: str) -> None:
    site.mention(target)
    thought = site.only_thought()

    assert places.place_of(replace(thought, source_key=None, kind="comment"), ()) is None
    assert places.place_of(replace(thought, page_key="post 1"), ()) is None


def test_the_standing_of_a_place_counts_its_thoughts_in_each_state(three: Site) -> None:
    moderated = {thought.source: thought.id for thought in three.thoughts()}
    three.clock.move(days=3)
    three.mention(three.url(three.publish("Another")), SOURCE + "/again")
    moderate_all(three.services.database, [moderated[SOURCE]], "spam", three.clock())

    found = standings(three)[moderated[SOURCE]]

    assert found.counts == {"held": 2, "spam": 1}, "another page of the site waits too"
    assert found.decided == {"spam": 1}
    assert found.since == min(thought.received_at for thought in three.thoughts())


def test_a_commenter_is_known_by_name_and_email_together(site: Site, target: str) -> None:
    Commenter(site).send(comment="First words.")
    Commenter(site).send(comment="Second words.")
    Commenter(site).send(comment="Third words.", email="")
    without_email, *others = site.thoughts()

    found = standings(site)

    assert {found[thought.id].counts["held"] for thought in others} == {2}
    assert without_email.id not in found
