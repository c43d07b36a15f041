"""Which links verify a ping, from the ping to the answer."""

import pytest

from feedserver.net.fetch import FetchedPage
from feedserver.thoughts.verification import inspect
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

# What a page says is read without the database.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PAGE = "<!doctype html><html><head><title>Other</title></head><body><p>Words before.</p>{body}</body></html>"

# `test_links_of_a_page` has all forms of links, and all that is none.
LINKS = {
    "a": '<p><a href="{}">words</a></p>',
    "a with an entity": '<a href="http&#58;//blog.example/posts/a-post">words</a>',
    "link": '<link rel="cite" href="{}">',
    "img srcset": '<img src="small.png" srcset="{} 2x" alt="">',
    "blockquote": '<blockquote cite="{}"><p>words</p></blockquote>',
}
NO_LINKS = {
    "text": "<p>{}</p>",
    "comment": '<!-- <a href="{}">words</a> -->',
    "a longer address": '<a href="{}-and-more">words</a>',
    "an address below": '<a href="{}/comments">words</a>',
    "another host": '<a href="http://blog.example.evil.example/posts/a-post">words</a>',
    "another site's redirector": '<a href="http://evil.example/?u={}">words</a>',
}


@on_sqlite
@pytest.mark.parametrize(
    ("body", "outcome"),
    [(body, 17 if name in NO_LINKS else "registered") for name, body in (LINKS | NO_LINKS).items()],
    ids=LINKS | NO_LINKS,
)
def test_a_link_verifies_a_ping_and_text_that_is_no_link_does_not(
    site: Site, target: str, body: str, outcome: str | int
) -> None:
    site.web.put(SOURCE, PAGE.format(body=body.format(target)))

    assert site.ping(SOURCE, target).outcome == outcome


@on_sqlite
@pytest.mark.parametrize(("content_type", "outcome"), [("application/xhtml+xml", 17), ("text/html", "registered")])
def test_capitals_name_no_link_where_the_type_says_xml(
    site: Site, target: str, content_type: str, outcome: str | int
) -> None:
    body = f'<p>Words before <A HREF="{target}">words</A></p>'
    site.web.put(SOURCE, "<?xml version='1.0'?>" + PAGE.format(body=body), content_type)

    assert site.ping(SOURCE, target).outcome == outcome


SPELLINGS = {
    "as it is": "http://blog.example/posts/a-post",
    "fragment": "http://blog.example/posts/a-post#thoughts",
    "query": "http://blog.example/posts/a-post?utm_source=x&utm_medium=y",
    "trailing slash": "http://blog.example/posts/a-post/",
    "scheme": "https://blog.example/posts/a-post",
    "host in capitals": "http://BLOG.Example/posts/a-post",
    "scheme in capitals": "HTTP://blog.example/posts/a-post",
    "default port": "http://blog.example:80/posts/a-post",
    "default port of the other scheme": "https://blog.example:443/posts/a-post",
    "percent-encoding": "http://blog.example/posts/%61-post",
    "dot segments": "http://blog.example/tags/../posts/./a-post",
    "trailing dot": "http://blog.example./posts/a-post",
    "former slug": "http://blog.example/posts/former",
    "everything at once": "HTTPS://Blog.Example:443/posts/former/?utm_source=feed#thought-1",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_all_spellings_of_target_and_link_name_the_post(site: Site, spelling: str) -> None:
    site.publish("A post", slug="former")
    target = site.url(site.services.publisher.rename("former", "a-post"))
    site.web.put(SOURCE, linking(target))
    site.web.put("http://third.example/", linking(spelling))

    assert site.ping(SOURCE, spelling).outcome == "registered"
    assert site.ping("http://third.example/", target).outcome == "registered"
    assert site.ping(SOURCE, target).outcome == 48, "the pair is the same, however it is spelt"


UNICODE_SPELLINGS = {
    "composed": "http://blog.example/posts/café",
    "decomposed": "http://blog.example/posts/cafe\u0301",
    "percent-encoded": "http://blog.example/posts/caf%c3%A9",
    "decomposed and percent-encoded": "http://blog.example/posts/cafe%CC%81/?x",
    "encoded dots": "http://blog.example/%2e/tags/%2E./posts/caf%C3%A9",
    "full-width host": "http://ｂｌｏｇ。example/posts/café",
    "soft hyphen in the host": "http://bl\u00adog.example/posts/café",
    "percent-encoded host": "http://bl%6Fg.example/posts/café",
}


@pytest.mark.parametrize("slug", ["café", "cafe\u0301"], ids=ascii)
@pytest.mark.parametrize("spelling", UNICODE_SPELLINGS.values(), ids=UNICODE_SPELLINGS.keys())
def test_all_unicode_spellings_of_target_and_link_name_the_post(site: Site, slug: str, spelling: str) -> None:
    target = site.url(site.publish("Café", slug=slug))
    site.web.put(SOURCE, linking(target))
    site.web.put("http://third.example/", linking(spelling))

    assert site.ping(SOURCE, spelling).outcome == "registered"
    assert site.ping("http://third.example/", target).outcome == "registered"
    assert site.ping(SOURCE, target).outcome == 48


@on_sqlite
@pytest.mark.parametrize(
    ("markup", "outcome"),
    [
        ('<a href="https://straße.example/posts/idn">link</a>', "registered"),
        ('<a href="//STRAßE.example/posts/idn">link</a>', "registered"),
        ('<base href="http://straße.example/posts/"><a href="idn">link</a>', "registered"),
        ('<a href="http:\\\\straße.example\\posts\\idn?a\\b">link</a>', "registered"),
        ('<a href="https://strasse.example/posts/idn">link</a>', 17),
        ('<base href="http://strasse.example/posts/"><a href="idn">link</a>', 17),
        ('<a href="http://strasse.example\\@straße.example/posts/idn">link</a>', 17),
    ],
)
def test_a_link_to_an_internationalized_host_is_read_as_browsers_read_it(
    site_with: SiteWith, markup: str, outcome: str | int
) -> None:
    site = site_with(site_url="https://xn--strae-oqa.example")
    target = site.url(site.publish("IDN", slug="idn"))
    site.web.put(SOURCE, f"<p>words before {markup} words after")

    assert site.ping(SOURCE, target).outcome == outcome


@on_sqlite
@pytest.mark.parametrize("spelling", ["http://blog.example/posts/A-Post", "http://blog.example/Posts/a-post"])
def test_letter_case_of_the_path_does_matter(site: Site, target: str, spelling: str) -> None:
    site.web.put(SOURCE, linking(spelling))

    assert site.ping(SOURCE, target).outcome == 17


def test_links_are_resolved_against_the_address_that_the_source_redirects_to(site: Site, target: str) -> None:
    moved = site.web.put(
        "http://other.example/moved/", '<base href="x"><a href="//blog.example/posts/a-post">words</a>'
    )
    site.web.pages[SOURCE] = site.web.pages[moved]

    assert site.ping(SOURCE, target).outcome == "registered"
    assert site.only_thought().source == SOURCE


def test_a_link_beyond_the_size_limit_is_17_and_the_receipt_says_how_far_the_source_was_read(
    site: Site, target: str
) -> None:
    page = FetchedPage(
        SOURCE, 200, "text/html", b"<p>Words, and a very long way", truncated=True, etag=None, last_modified=None
    )
    site.web.pages[SOURCE] = page

    answer = site.ping(SOURCE, target)

    assert answer.outcome == 17
    details = [line["detail"] for line in site.receipt(answer.receipt)["timeline"]]
    assert "status 200, 29 bytes; only the first 29 bytes were read" in details


def test_the_charset_of_the_source_is_decoded_and_its_entities_too(site: Site, target: str) -> None:
    page = linking(target, before="Das Café &amp; die Brücke – ", title="Über &Uuml;ber")
    site.web.put(SOURCE, page.encode("windows-1252"), "text/html; charset=iso-8859-1")

    site.ping(SOURCE, target)

    thought = site.only_thought()
    assert thought.author_name == thought.title == "Über Über"
    assert thought.excerpt == "[…] Das Café & die Brücke – this post and liked it. […]"


@on_sqlite
def test_names_and_excerpts_are_bounded(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target, title="title " * 500, before="words " * 500, text="link " * 500))

    site.ping(SOURCE, target)

    thought = site.only_thought()
    assert 400 < len(thought.author_name) <= 500
    assert 400 < len(thought.title) <= 500
    assert 200 < len(thought.excerpt) <= 1000


@on_sqlite
@pytest.mark.parametrize("title", ["", "<title></title>", "<title> \u200b </title>", "<title>&#0;</title>"])
def test_a_page_without_a_title_is_named_by_its_host(site: Site, target: str, title: str) -> None:
    site.web.put("http://www.other.example:8080/x", title + f'<p><a href="{target}">words</a></p>')

    site.ping("http://www.Other.example:8080/x", target)

    thought = site.only_thought()
    assert (thought.author_name, thought.author_url) == ("www.other.example", "http://www.other.example:8080/")


def test_a_page_with_hundreds_of_links_is_verified_for_each_pinged_post(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspect, "MAX_MORE", 1)
    targets = [site.url(site.publish(f"Post {number}")) for number in range(4)]
    others = [f"http://blog.example/posts/nothing-{number}" for number in range(1_500)]
    site.web.put(SOURCE, linking(*others, *targets))

    outcomes = [site.ping(SOURCE, target).outcome for target in (targets[3], targets[0], targets[2])]

    assert outcomes == ["registered", "registered", "accepted"], "the third was not among those looked up for later"
    site.clock.move(seconds=300)
    site.run_jobs()
    assert site.states() == ["shown"] * 3


def test_a_page_with_too_many_excerpts_keeps_its_links(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "MAX_EXCERPTS", 1)
    targets = [site.url(site.publish(f"Post {number}")) for number in range(2)]
    site.web.put(SOURCE, linking(*targets))

    assert [site.ping(SOURCE, target).outcome for target in targets] == ["registered"] * 2
    assert {bool(thought.excerpt) for thought in site.thoughts()} == {True, False}


def test_a_link_that_databases_cannot_store_does_no_harm(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking("http://blog.example/posts/%00", "http://blog.example/posts/%ff", target))

    assert site.ping(SOURCE, target).outcome == "registered"
