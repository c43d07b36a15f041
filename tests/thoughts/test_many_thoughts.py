"""Posts with more thoughts than a page has room for."""

import pytest

from feedserver.posts.model import Post
from feedserver.thoughts import views
from feedserver.thoughts.model import Response
from tests.feeds.happenings import link, respond, say, say_much
from tests.pages.builders import get, texts
from tests.support.pinging import call_body, read_answer
from tests.thoughts.forms import Commenter
from tests.thoughts.site import Site, SiteWith


@pytest.mark.parametrize("number", [99, 100])
def test_a_comment_leads_to_the_page_where_it_stands(site_with: SiteWith, number: int) -> None:
    site = site_with(moderation_comments="show")
    fog = site.publish("Fog", slug="fog")
    say_much(site.services, fog, number)

    answer = Commenter(site, "fog").send(comment="Well said.")

    query = "?thoughts=2&" if number == 100 else "?"
    address = answer.headers["Location"]
    assert address == f"http://blog.example/posts/fog{query}comment=shown#thought-{number + 1}"
    page = get(site.client, address.partition("#")[0]).text
    assert texts(page, f"#thought-{number + 1} .p-content") == ["Well said."]
    assert texts(page, ".notice") == ["Thank you. Your comment is shown below the post."]


def test_getpingbacks_names_the_newest_pings_whatever_they_are_to_the_post(site: Site, post: Post, target: str) -> None:
    responses: tuple[Response, ...] = ("like", "reply")
    for response in responses:
        respond(site.services, post, response, at=f"http://other.example/{response}")
    link(site.services, post, "http://other.example/pingback")
    asked = call_body("pingback.extensions.getPingbacks", target)

    assert read_answer(site.call(asked).response.data) == [
        f"http://other.example/{which}" for which in ("like", "reply", "pingback")
    ]


def test_getpingbacks_names_the_newest_ones_in_the_order_in_which_they_came(
    site: Site, post: Post, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        link(site.services, post, f"http://other.example/{number}")
    say(site.services, post)
    asked = call_body("pingback.extensions.getPingbacks", target)

    assert read_answer(site.call(asked).response.data) == [f"http://other.example/{number}" for number in range(3)]
    monkeypatch.setattr(views, "_MOST_PINGBACKS", 2)
    assert read_answer(site.call(asked).response.data) == ["http://other.example/1", "http://other.example/2"]
