"""Signs of spam that hold a verified pingback under `moderation.pingbacks = show`."""

from datetime import timedelta
from functools import partial

import pytest

from feedserver.posts.model import Post
from feedserver.thoughts.moderation.trust import MANY_LINKED, MANY_POSTS
from tests.support.waiting import together
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

WORDS = "Cheap pills for all who are tired of paying far too much: "


def test_a_page_with_many_links_to_our_posts_is_held(site: Site, post: Post, target: str) -> None:
    others = [site.url(site.publish(f"Post {number}")) for number in range(MANY_LINKED - 1)]
    site.web.put(SOURCE, "".join(linking(url, before=f"Of {url} ") for url in [target, *others]))
    fewer = site.web.put("http://fewer.example/", "".join(linking(url, before=f"On {url} ") for url in others))

    site.ping(SOURCE, target)
    site.ping(fewer, others[0])

    shown, held = site.thoughts()
    assert (held.state, held.reason) == ("held", "its page links to 20 of our posts")
    assert shown.state == "shown"
    assert SOURCE not in site.page(post)


def test_many_links_to_one_post_are_links_to_one_post(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target, f"{target}?page=2", f"{target}#thoughts") * MANY_LINKED)

    site.ping(SOURCE, target)

    assert site.only_thought().state == "shown"


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


def mention(site: Site, target: str, source: str, *, before: str = WORDS, text: str = "this post") -> tuple[str, str]:
    """The source says the words around its link. Returns the state of its thought and the reason."""
    site.web.put(source, linking(target, before=before, text=text))
    site.ping(source, target)
    (thought,) = [one for one in site.thoughts() if one.source == source]
    return thought.state, thought.reason or ""


def posts(site: Site, number: int) -> list[str]:
    return [site.url(site.publish(f"Post {one}")) for one in range(number)]


@pytest.mark.parametrize("one_post", [False, True], ids=["several posts", "one post"])
def test_the_same_words_from_a_third_source_site_are_held(site: Site, one_post: bool) -> None:
    targets = [site.target] * 3 if one_post else posts(site, 3)

    first, second, third = (
        mention(site, target, f"http://host{number}.example/", text=f"Word {number}")
        for number, target in enumerate(targets)
    )

    assert (first, second) == (("shown", "verified"), ("shown", "verified"))
    assert third == ("held", "at least 3 source sites say the same words")


def test_a_source_site_that_says_the_same_words_twice_counts_once(site: Site) -> None:
    for number, target in enumerate(posts(site, 3)):
        assert mention(site, target, f"http://host{number % 2}.example/{number}") == ("shown", "verified")


def test_letter_case_and_blanks_do_not_make_other_words(site: Site) -> None:
    for number, before in enumerate([WORDS, WORDS.upper(), WORDS.replace(" ", "\n  ")]):
        state, _ = mention(site, site.target, f"http://host{number}.example/", before=before)

    assert state == "held"


def test_subdomains_of_one_site_are_one_source_site(site: Site) -> None:
    for number, target in enumerate(posts(site, 4)):
        assert mention(site, target, f"http://host{number}.one.example/") == ("shown", "verified")


def test_four_posts_of_one_blog_with_one_sentence_are_shown(site: Site) -> None:
    for number, target in enumerate(posts(site, 4)):
        assert mention(site, target, f"http://blog.one.example/{number}") == ("shown", "verified")


def test_the_same_words_of_one_site_about_a_tenth_post_within_a_day_are_held(site_with: SiteWith) -> None:
    site = site_with(limits_host=1000)
    *targets, last = posts(site, MANY_POSTS)
    for number, target in enumerate(targets):
        assert mention(site, target, f"http://one.example/{number}") == ("shown", "verified")
        site.clock.move(minutes=1)

    assert mention(site, last, "http://one.example/last") == (
        "held",
        "its site says the same words about at least 10 posts within a day",
    )


def test_the_same_words_of_one_site_over_several_days_are_shown(site_with: SiteWith) -> None:
    site = site_with(limits_host=1000)
    for number, target in enumerate(posts(site, MANY_POSTS + 2)):
        assert mention(site, target, f"http://one.example/{number}") == ("shown", "verified")
        site.clock.now += timedelta(days=1) / (MANY_POSTS - 2)


def test_a_second_thought_on_a_post_with_the_same_words_of_one_site_is_held(site: Site, target: str) -> None:
    assert mention(site, target, "http://one.example/1") == ("shown", "verified")

    assert mention(site, target, "http://www.one.example/2") == (
        "held",
        "its site says the same words in another thought on this post",
    )
    assert mention(site, target, "http://one.example/3", before=f"Other words. {WORDS}") == ("shown", "verified")


def test_of_pings_with_the_same_words_that_are_settled_at_once_two_are_shown(site_with: SiteWith) -> None:
    site = site_with(pingback_places=12)
    sources = [f"http://host{number}.example/" for number in range(6)]
    for source in sources:
        site.web.put(source, linking(site.target, before=WORDS))
    site.web.gate.clear()

    def release() -> None:
        site.web.wait_until_asked(*sources)
        site.web.gate.set()

    together(*(partial(site.ping, source, site.target) for source in sources), release)

    assert site.states() == ["held"] * 4 + ["shown"] * 2


def test_words_that_moved_to_another_page_of_their_site_are_shown(site: Site, target: str) -> None:
    mention(site, target, "http://one.example/1")
    site.web.put("http://one.example/1", "<p>This page has moved.</p>")
    site.run_next_job()
    assert site.states() == ["gone"]

    assert mention(site, target, "http://one.example/2") == ("shown", "verified")


def test_words_that_a_moderator_took_away_are_held_when_they_come_again(site: Site, target: str) -> None:
    mention(site, target, SOURCE)
    site.moderate("spam", SOURCE)

    assert mention(site, target, "http://other.example/again")[0] == "held"


@pytest.mark.parametrize(
    "other",
    [
        WORDS.replace(" ", "\u200b "),
        WORDS.replace("e", "e\u00ad"),
        WORDS.replace("e", "e\u0301"),
        WORDS.replace(" ", " – ").upper() + "!!",
        "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in WORDS),  # of full width
    ],
    ids=["zero width", "soft hyphens", "marks", "punctuation", "full width"],
)
def test_the_same_letters_are_the_same_words_whatever_is_strewn_in(site: Site, target: str, other: str) -> None:
    assert mention(site, target, "http://one.example/1") == ("shown", "verified")

    assert mention(site, target, "http://one.example/2", before=other)[0] == "held"


def test_invisible_characters_do_not_move_the_end_of_the_words_that_are_compared(site: Site, target: str) -> None:
    long = " ".join(f"{number} and" for number in range(100))

    assert mention(site, target, "http://one.example/1", before=long) == ("shown", "verified")

    assert mention(site, target, "http://one.example/2", before=long.replace("a", "\u200ba"))[0] == "held"


def test_words_of_punctuation_and_invisible_characters_are_too_few(site: Site, target: str) -> None:
    for number in (1, 2):
        assert mention(site, target, f"http://one.example/{number}", before="See \u200b– " * 8) == ("shown", "verified")


@pytest.mark.parametrize(("letters", "state"), [(39, "shown"), (40, "held")])
def test_words_count_from_forty_letters_on_without_blanks_and_the_text_of_the_link(
    site: Site, target: str, letters: int, state: str
) -> None:
    for number in (1, 2):
        link = f"<a href='{target}'>{'A long text of a link ' * 4}</a>"
        page = f"<p>{'ab ' * 10}{link} {'cd ' * 9}{'e' * (letters - 38)}</p>"
        site.web.put(f"http://one.example/{number}", page)
        site.ping(f"http://one.example/{number}", target)

    assert site.thoughts()[0].state == state


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


def test_short_words_and_no_words_at_all_are_not_held(site: Site) -> None:
    targets = posts(site, 4)
    for number, url in enumerate(targets):
        picture = f'<title>Pictures {number}</title><img src="{url}">'
        site.ping(site.web.put(f"http://picture{number}.example/", picture), url)
        mention(site, targets[0], f"http://short{number}.example/", before="I read ")
        mention(site, targets[0], f"http://short.example/{number}", before="I read ")

    assert {thought.state for thought in site.thoughts()} == {"shown"}


def test_spam_that_comes_back_in_place_of_shown_content_is_held(site: Site, target: str) -> None:
    site.mention(target)
    site.web.put(SOURCE, "<p>Nothing.</p>")
    site.run_next_job()
    assert site.states() == ["gone"]

    site.web.put(SOURCE, f"<div hidden>{linking(target, before='Cheap pills: ')}</div>")
    site.clock.move(seconds=300)
    site.ping(SOURCE, target)

    assert (site.only_thought().state, site.only_thought().reason) == ("held", "its link is hidden from readers")


def test_a_redirect_to_another_site_is_shown(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target), redirected_to="http://elsewhere.example/page")

    site.ping(SOURCE, target)

    assert site.only_thought().state == "shown"


def test_signs_of_spam_are_not_told_to_the_sender(site: Site, target: str) -> None:
    site.web.put(SOURCE, f"<div hidden>{linking(target)}</div>")
    receipt = site.ping(SOURCE, target).receipt

    told = site.receipt(receipt)

    assert told["reason"] == "waits for approval"
    assert told["timeline"][-1]["detail"] == "held: waits for approval"
    assert "hidden" not in site.client.get(receipt).text
    assert site.only_thought().reason == "its link is hidden from readers", "the moderator is told"
