"""Signs of spam that hold a verified pingback under `moderation.pingbacks = show`."""

from feedserver.posts.model import Post
from feedserver.thoughts.moderation.trust import MANY_LINKS, MANY_POSTS
from tests.thoughts.site import SOURCE, Site, linking


def test_a_page_with_many_links_to_our_posts_is_held(site: Site, post: Post, target: str) -> None:
    others = [site.url(site.publish(f"Post {number}")) for number in range(MANY_LINKS - 1)]
    site.web.put(SOURCE, "".join(linking(url, before=f"Of {url} ") for url in [target, *others]))
    fewer = site.web.put("http://fewer.example/", "".join(linking(url, before=f"On {url} ") for url in others))

    site.ping(SOURCE, target)
    site.ping(fewer, others[0])

    shown, held = site.thoughts()
    assert (held.state, held.reason) == ("held", "its page has 20 links to our posts")
    assert shown.state == "shown"
    assert SOURCE not in site.page(post)


def test_many_links_to_one_post_are_many_links(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target) * MANY_LINKS)

    site.ping(SOURCE, target)

    assert site.only_thought().state == "held"


def test_links_that_lead_to_no_post_are_not_counted(site: Site, target: str) -> None:
    strange = [f"http://blog.example/posts/none-{number}" for number in range(30)]
    site.web.put(SOURCE, linking(target, *strange, *["http://blog.example/"] * 30))

    site.ping(SOURCE, target)

    assert site.only_thought().state == "shown"


def test_a_hidden_link_is_held_unless_another_link_is_visible(site: Site, post: Post, target: str) -> None:
    hidden = f'<p>Words.</p><div style="display:none">{linking(target)}</div>'
    site.web.put(SOURCE, hidden)
    site.web.put("http://seen.example/", f"{hidden}<p>And <a href='{target}'>one to be seen</a>.</p>")

    site.ping(SOURCE, target)
    site.ping("http://seen.example/", target)

    seen, unseen = site.thoughts()
    assert (unseen.state, unseen.reason) == ("held", "its link is hidden from readers")
    assert seen.state == "shown"


def test_the_same_content_on_several_posts_is_held_whatever_its_source(site: Site) -> None:
    targets = [site.url(site.publish(f"Post {number}")) for number in range(MANY_POSTS)]
    for number, target in enumerate(targets):
        site.mention(target, f"http://host{number}.example/", before="Cheap pills: ")

    last, *before = site.thoughts()

    assert (last.state, last.reason) == ("held", "3 posts have the same excerpt")
    assert [thought.state for thought in before] == ["shown", "shown"], "two may be chance"


def test_a_sentence_that_links_to_several_posts_is_no_sign_of_spam(site: Site) -> None:
    targets = [site.url(site.publish(f"Post {number}")) for number in range(MANY_POSTS + 1)]
    site.web.put(SOURCE, linking(*targets, before="Read with pleasure this month: "))

    for target in targets:
        assert site.ping(SOURCE, target).outcome == "registered"

    assert site.states() == ["shown"] * (MANY_POSTS + 1)


def test_spam_in_place_of_shown_content_is_held(site: Site, target: str) -> None:
    honest, hidden = "A fine post, I find: ", '<p style="display:none">Cheap pills: <a href="{}">here</a></p>'
    site.mention(target, before=honest)
    assert site.states() == ["shown"]

    site.web.put(SOURCE, hidden.format(target))
    site.clock.move(days=8)
    site.run_jobs()

    assert site.states() == ["held"]
    assert site.thoughts()[0].reason == "its link is hidden from readers"


def test_the_same_content_on_one_post_and_short_content_are_not_held(site: Site, target: str) -> None:
    posts = [site.url(site.publish(f"Post {number}")) for number in range(MANY_POSTS)]
    for number in range(MANY_POSTS + 1):
        site.mention(target, f"http://host{number}.example/")
    for number, url in enumerate(posts):
        picture = f'<title>Pictures {number}</title><img src="{url}">'
        site.ping(site.web.put(f"http://picture{number}.example/", picture), url)
        site.ping(site.web.put(f"http://short{number}.example/", f'<p>See <a href="{url}">this</a>.'), url)

    assert {thought.state for thought in site.thoughts()} == {"shown"}


def test_signs_of_spam_are_not_told_to_the_sender(site: Site, target: str) -> None:
    site.web.put(SOURCE, f"<div hidden>{linking(target)}</div>")
    receipt = site.ping(SOURCE, target).receipt

    told = site.receipt(receipt)

    assert told["reason"] == "waits for approval"
    assert told["timeline"][-1]["detail"] == "held: waits for approval"
    assert "hidden" not in site.client.get(receipt).text
    assert site.only_thought().reason == "its link is hidden from readers", "the moderator is told"
