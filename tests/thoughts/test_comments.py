"""Comments: what becomes of one sent by a person, and what is never shown."""

import json
from functools import partial
from typing import Any

import pytest

from feedserver.posts.model import Post
from tests.pages.builders import CLIENT_PATTERN, QUOTED
from tests.support.moderating import moderate
from tests.support.waiting import together
from tests.thoughts.forms import TYPED, Commenter, read_form
from tests.thoughts.site import Site, SiteWith


@pytest.fixture
def commenter(site: Site, post: Post) -> Commenter:
    return Commenter(site)


def test_a_comment_is_held_until_it_is_approved_and_its_writer_is_told_so(
    site: Site, post: Post, commenter: Commenter
) -> None:
    answer = commenter.send()

    assert answer.status_code == 303
    assert answer.headers["Location"] == "http://blog.example/posts/a-post?comment=held#comment-form"
    notice = site.client.get("/posts/a-post?comment=held").text
    assert "Thank you. Your comment waits for approval." in notice
    assert 'role="status"' in notice
    assert TYPED["comment"] not in site.page(post)

    thought = site.moderate("approve", None)
    assert f'<li id="thought-{thought.id}"' in site.page(post)
    assert TYPED["comment"] in site.page(post)
    assert "1 Thought to “A post”" in site.page(post)


def test_where_comments_are_shown_at_once_the_writer_is_led_to_the_comment(site_with: SiteWith) -> None:
    site = site_with(moderation_comments="show")
    post = site.publish("A post", slug="a-post")
    before = site.revision()

    answer = Commenter(site).send()

    thought = site.only_thought()
    assert answer.headers["Location"] == f"http://blog.example/posts/a-post?comment=shown#thought-{thought.id}"
    assert TYPED["comment"] in site.page(post)
    assert "Your comment is shown" in site.client.get("/posts/a-post?comment=shown").text
    assert site.revision() > before


@pytest.fixture
def trusting(site_with: SiteWith) -> Commenter:
    """Sends to a site on which a comment of Rita Reader was approved."""
    site = site_with(moderation_comments="trust")
    site.publish("A post", slug="a-post")
    commenter = Commenter(site)
    commenter.send()
    assert site.states() == ["held"]
    site.moderate("approve", None)
    return commenter


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ({}, "shown"),
        ({"website": "https://new.example/"}, "shown"),
        ({"email": "RITA@Mail.Example"}, "shown"),
        ({"name": " rita  READER\u200e "}, "shown"),
        ({"email": "else@mail.example"}, "held"),
        ({"name": "Bo"}, "held"),
        ({"name": "Rita Reade"}, "held"),
        ({"email": ""}, "held"),
    ],
    ids=str,
)
def test_trust_goes_by_the_name_and_the_email_that_were_approved_before(
    trusting: Commenter, typed: dict[str, Any], state: str
) -> None:
    trusting.send(comment="Again", **typed)

    assert trusting.site.thoughts()[0].state == state


def test_names_are_trusted_in_any_unicode_form(trusting: Commenter) -> None:
    trusting.send(name="Zo\u00eb", email="zoe@mail.example")
    newest = trusting.site.thoughts()[0]
    moderate(trusting.site.services.database, newest.id, "approve", trusting.site.clock())

    trusting.send(name="ZOE\u0308", email="zoe@mail.example", comment="Again")

    assert trusting.site.thoughts()[0].state == "shown"


def test_without_an_email_nobody_is_trusted(trusting: Commenter) -> None:
    trusting.send(email="")
    newest = trusting.site.thoughts()[0]
    moderate(trusting.site.services.database, newest.id, "approve", trusting.site.clock())

    trusting.send(email="", comment="Again")

    assert trusting.site.thoughts()[0].state == "held"


def test_trust_ends_when_the_approved_comment_is_hidden(trusting: Commenter) -> None:
    trusting.site.moderate("hide", None)

    trusting.send(comment="Again")

    assert trusting.site.states() == ["held", "held"]


def test_of_a_commenters_texts_no_bidi_control_and_thirty_marks_in_a_row_stay(site_with: SiteWith) -> None:
    site = site_with(moderation_comments="show")
    site.publish("A post", slug="a-post")
    zalgo = "q" + "\u0323" * 50
    Commenter(site).send(
        comment=f"Well \u202e{zalgo}\nsaid", name=f"Rita\u2067 {zalgo}", website=f"https://a.example/\u202e{zalgo}"
    )

    thought = site.only_thought()
    kept = zalgo[:31]
    assert thought.excerpt == f"Well {kept}\nsaid"
    assert thought.author_name == f"Rita {kept}"
    assert thought.author_url == f"https://a.example/{kept}"


def test_the_email_address_is_seen_nowhere(site_with: SiteWith) -> None:
    site = site_with(moderation_comments="show")
    site.publish("A post", slug="a-post")
    Commenter(site).send(email="secret.rita@mail.example")

    paths = ["/", "/posts/a-post", "/posts/a-post?comment=shown", "/feed.rss", "/feed.atom", "/feed.json"]
    paths += [f"{start}/thoughts.{fmt}" for start in ("", "/posts/a-post") for fmt in ("rss", "atom", "json")]
    for path in paths:
        response = site.client.get(path)
        assert response.status_code == 200
        assert b"secret.rita" not in response.data
    assert "Well said." in site.client.get("/thoughts.json").text
    assert "secret.rita" not in repr(site.thoughts())


@pytest.mark.parametrize(
    ("typed", "link"),
    [
        ("https://rita.example/?a=1&b=2", 'rel="nofollow ugc" itemprop="url" href="https://rita.example/?a=1&amp;b=2"'),
        ("http://rita.example", 'rel="nofollow ugc" itemprop="url" href="http://rita.example"'),
        ("rita.example/blog", 'rel="nofollow ugc" itemprop="url" href="https://rita.example/blog"'),
        ("http://bücher.example/ß", 'rel="nofollow ugc" itemprop="url" href="http://xn--bcher-kva.example/%C3%9F"'),
    ],
)
def test_the_website_is_linked_from_the_name_with_nofollow(site_with: SiteWith, typed: str, link: str) -> None:
    site = site_with(moderation_comments="show")
    post = site.publish("A post", slug="a-post")

    Commenter(site).send(website=typed)

    assert link in site.page(post)


def test_markup_in_a_comment_and_a_name_is_shown_as_text(site_with: SiteWith) -> None:
    site = site_with(moderation_comments="show")
    post = site.publish("A post", slug="a-post")
    Commenter(site).send(
        comment=f"<script>alert(1)</script>\r\nsecond line\r\n\r\n<b>bold</b> & \x00control\ufffe\r\n\r\n{QUOTED}",
        name='<img src=x onerror="alert(1)">',
    )

    page = site.page(post)

    assert "<script>alert" not in page
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt;<br>second line</p>" in page
    assert "<p>&lt;b&gt;bold&lt;/b&gt; &amp; control</p>" in page
    assert "<img src=x" not in page
    assert CLIENT_PATTERN.findall(page) == ["http://blog.example/pingback"]
    for fmt in ("rss", "atom"):
        assert "<script>alert" not in site.client.get(f"/thoughts.{fmt}").text
    (item,) = json.loads(site.client.get("/thoughts.json").data)["items"]
    assert "<script" not in item["content_html"]


def test_a_form_that_is_sent_twice_is_stored_once(site: Site, commenter: Commenter) -> None:
    form = commenter.form()
    site.clock.move(seconds=5)

    answers = [commenter.post(form.values | TYPED) for _ in range(3)]

    assert {answer.headers["Location"] for answer in answers} == {answers[0].headers["Location"]}
    assert len(site.thoughts()) == 1


def test_a_form_that_is_sent_many_times_at_once_is_stored_once(site: Site, commenter: Commenter) -> None:
    form = commenter.form()
    site.clock.move(seconds=5)

    def send() -> int:
        path = "/posts/a-post/comments"
        return site.app.test_client().post(path, data=form.values | TYPED).status_code

    assert together(*[send] * 6) == [303] * 6
    assert len(site.thoughts()) == 1


@pytest.mark.parametrize(
    "changed", [{"comment": "Well said, I meant."}, {"name": "Rita"}, {"website": "https://a.example/"}]
)
def test_who_goes_back_and_writes_something_else_gets_a_new_form_with_it(
    site: Site, commenter: Commenter, changed: dict[str, Any]
) -> None:
    form = commenter.form()
    commenter.send(form)

    answer = commenter.send(form, **changed)

    assert answer.status_code == 422
    assert "Another comment was sent with this form." in answer.text
    assert len(site.thoughts()) == 1
    again = read_form(answer.text)
    site.clock.move(seconds=5)
    assert commenter.post(again.values).status_code == 303
    assert len(site.thoughts()) == 2


def test_of_different_comments_that_are_sent_at_once_with_one_form_one_is_stored(
    site: Site, commenter: Commenter
) -> None:
    form = commenter.form()
    site.clock.move(seconds=5)

    def send(number: int) -> int:
        values = form.values | TYPED | {"comment": f"Number {number}"}
        return site.app.test_client().post("/posts/a-post/comments", data=values).status_code

    answers = together(*(partial(send, number) for number in range(6)))

    assert (answers.count(303), answers.count(422)) == (1, 5)
    assert len(site.thoughts()) == 1


def test_a_former_address_of_the_post_takes_comments_too_until_it_is_deleted(site: Site, commenter: Commenter) -> None:
    form = commenter.form()
    site.services.publisher.rename("a-post", "renamed")

    answer = commenter.send(form)

    assert answer.headers["Location"] == "http://blog.example/posts/renamed?comment=held#comment-form"
    site.services.publisher.delete("renamed")
    assert commenter.send(form).status_code == 410


def test_a_held_comment_can_be_spam_for_good(site: Site, post: Post, commenter: Commenter) -> None:
    commenter.send()
    site.moderate("spam", None)

    assert site.only_thought().state == "spam"
    assert TYPED["comment"] not in site.page(post)


def test_comments_are_no_pings(site: Site, post: Post, commenter: Commenter) -> None:
    commenter.send(website="http://other.example/")
    thought = site.only_thought()

    assert [thought.kind, thought.source, thought.receipt_token] == ["comment", None, None]
    assert site.jobs() == []
    assert site.web.fetched == []
