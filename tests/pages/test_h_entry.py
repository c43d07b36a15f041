"""A post's page as those who are told of the post read it: microformats, in the order of any parser."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mf2py
import pytest
from flask.testing import FlaskClient

from feedserver.posts.references import lines
from feedserver.services import WebServices
from feedserver.thoughts.model import Response
from feedserver.thoughts.source.entry import Entry
from feedserver.thoughts.source.identity import page_key
from feedserver.thoughts.source.links import read
from feedserver.thoughts.source.responses import heard
from tests.feeds.happenings import link, respond, say
from tests.pages.builders import hrefs, texts
from tests.posts.builders import edit
from tests.support.fixtures import Publish
from tests.support.outside import Clock

BASE = "http://blog.example"
THEIRS, OTHER = "https://their.example/posts/1?a=1&b=2", "https://other.example/2"
RELATIONS = {
    "reply_to": ("in-reply-to", "In reply to"),
    "like_of": ("like-of", "Likes"),
    "repost_of": ("repost-of", "Reposts"),
    "bookmark_of": ("bookmark-of", "Bookmark of"),
}
Properties = dict[str, list[Any]]


@pytest.fixture
def database_url(prepared_sqlite: Path, tmp_path: Path) -> str:
    """One kind is enough: nothing here depends on the database."""
    return f"sqlite:///{shutil.copy(prepared_sqlite, tmp_path / 'site.sqlite3')}"


def entry(client: FlaskClient, path: str) -> dict[str, Any]:
    """The one top-level item of a page."""
    (item,) = mf2py.parse(doc=client.get(path).text, url=f"{BASE}{path}")["items"]
    assert item["type"] == ["h-entry"]
    return dict(item)


# --- the entry ---


def test_a_post_is_one_h_entry_with_all_that_a_receiver_shows(
    client: FlaskClient, publish: Publish, services: WebServices, clock: Clock
) -> None:
    publish("Fog", "Thick *fog*.", slug="fog", tags="[sea, '#ships']", authors="[Ann, Bob]", summary="In short.")
    clock.move(days=1)
    post = edit(
        services, "fog", "Fog", "Thick *fog*.", tags="[sea, '#ships']", authors="[Ann, Bob]", summary="In short."
    )
    link(services, post, OTHER)
    say(services, post)

    found = entry(client, "/posts/fog")["properties"]

    assert found["url"] == [f"{BASE}/posts/fog"]
    assert (found["name"], found["summary"], found["category"]) == (["Fog"], ["In short."], ["sea", "#ships"])
    assert found["content"][0]["value"] == "Thick fog."
    assert (found["published"], found["updated"]) == (["2026-03-08T12:00:00Z"], ["2026-03-09T12:00:00Z"])
    assert [author["type"] for author in found["author"]] == [["h-card"]] * 2
    assert [author["properties"] for author in found["author"]] == [
        {"name": [name], "url": [f"{BASE}/authors/{name}"]} for name in ("Ann", "Bob")
    ]
    assert [comment["type"] for comment in found["comment"]] == [["h-cite"]] * 2


def test_an_untitled_post_has_no_name_of_its_own(client: FlaskClient, publish: Publish) -> None:
    publish("", "Just words.", slug="note")

    assert "name" not in entry(client, "/posts/note")["properties"]


@pytest.mark.parametrize(("field", "relation"), RELATIONS.items(), ids=RELATIONS)
def test_the_pages_that_a_post_is_about_stand_before_its_text(
    client: FlaskClient, publish: Publish, field: str, relation: tuple[str, str]
) -> None:
    publish("A post", "Words.", slug="a-post", **{field: f"['{THEIRS}', {OTHER}]"})
    name, words = relation

    for path, selector in (("/posts/a-post", ".h-entry"), ("/", ".h-feed .h-entry")):
        page = client.get(path).text
        assert hrefs(page, f"{selector} > p > a.u-{name}") == [THEIRS, OTHER]
        assert f"{words} their.example/posts/1?a=1&b=2 and other.example/2" in texts(page, f"{selector} > p")
        assert "rel=" not in re.findall(f'<a class="u-{name}"[^>]*>', page)[0]
    page = client.get("/posts/a-post").text
    assert entry(client, "/posts/a-post")["properties"][name] == [THEIRS, OTHER]
    assert page.index(f'class="u-{name}"') < page.index('class="e-content"')


def test_on_a_list_each_entry_has_its_own(client: FlaskClient, publish: Publish) -> None:
    publish("One", slug="one", reply_to=OTHER)
    publish("Two", slug="two")

    (feed,) = mf2py.parse(doc=client.get("/").text, url=f"{BASE}/")["items"]

    assert [one["properties"].get("in-reply-to") for one in feed["children"]] == [None, [OTHER]]


def test_further_pages_of_thoughts_do_not_repeat_them(
    client: FlaskClient, publish: Publish, services: WebServices
) -> None:
    post = publish("A post", slug="a-post", reply_to=OTHER)
    for number in range(101):
        say(services, post, f"Comment {number}")

    assert OTHER not in client.get("/posts/a-post?thoughts=2").text


# --- what people see ---


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("https://www.their.example/", "their.example"),
        ("http://their.example:8080/a/", "their.example:8080/a"),
        ("https://their.example/%D7%A2%D7%91%D7%A8%D7%99%D7%AA", "their.example/עברית"),
        ("https://their.example/%E2%80%AEexe.%00a", "their.example/exe.a"),
        ("https://their.example/%3Cscript%3E", "their.example/<script>"),
        ("https://their.example/%E4x", "their.example/%E4x"),
        ("https://xn--bcher-kva.example/x", "xn--bcher-kva.example/x"),
        ("https://their.example/" + "a" * 100, "their.example/" + "a" * 45 + "…"),
    ],
)
def test_a_page_is_called_by_its_address_shortened(address: str, label: str) -> None:
    (line,) = lines((), (address,), (), ())

    assert str(line) == f"Likes {label}"
    assert texts(line.html(), "a.u-like-of[dir=ltr]") == [label]


def test_our_words_are_english_in_a_post_of_another_language(client: FlaskClient, publish: Publish) -> None:
    publish("עברית", slug="a-post", lang="he", reply_to=OTHER)

    assert '<p lang="en">In reply to <a' in client.get("/posts/a-post").text


def test_a_post_without_words_is_called_by_what_it_is_about(client: FlaskClient, publish: Publish) -> None:
    publish("", "", slug="like", like_of=f"[{OTHER}, https://third.example/]")
    name = "Likes other.example/2 and third.example"

    page = client.get("/posts/like").text
    embedded = client.get("/oembed?url=http://blog.example/posts/like").get_json()

    assert texts(page, "title") == [f"{name} – {texts(page, '.brand')[0]}"]
    assert f'<meta property="og:title" content="{name}">' in page
    assert f'<meta property="og:description" content="{name}">' in page
    assert embedded["title"] == name
    assert texts(client.get("/").text, ".h-entry h2") == [name]
    assert name in texts(client.get("/archive").text, "main li a")
    assert entry(client, "/posts/like")["properties"]["like-of"] == [OTHER, "https://third.example/"]


# --- receivers ---


def wordpress_type(properties: Properties, target: str) -> str:
    """What the webmention plugin of WordPress makes of an entry (its handler of microformats): the first property of
    those that it knows which holds the target, itself or in a citation, of any scheme."""
    kinds = dict.fromkeys(("comment", "like", "favorite", "repost", "bookmark", "read"), "target-update")
    kinds |= {"in-reply-to": "comment", "like-of": "like", "repost-of": "repost", "bookmark-of": "bookmark"}
    wanted = {f"{scheme}://{target.partition('://')[2]}" for scheme in ("http", "https")}
    for name, values in properties.items():
        if name in kinds:
            held = [value for value in values if isinstance(value, str)]
            for cite in (value for value in values if isinstance(value, dict) and "properties" in value):
                held += [one for some in cite["properties"].values() for one in some if isinstance(one, str)]
            if wanted.intersection(held):
                return kinds[name]
    return "mention"


ORDERS = {
    "document": list,
    "nested last": lambda items: sorted(items, key=lambda item: any("properties" in one for one in dicts(item[1]))),
    "nested first": lambda items: sorted(
        items, key=lambda item: all("properties" not in one for one in dicts(item[1]))
    ),
}


def dicts(values: list[Any]) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)]


@pytest.mark.parametrize(
    ("fields", "body", "kind"),
    [
        ({}, f"I read [theirs]({THEIRS}).", "mention"),
        ({}, f"I read [theirs]({THEIRS.replace('https', 'http')}).", "mention"),
        ({"reply_to": f"'{THEIRS}'"}, "Well said.", "comment"),
        ({"like_of": f"'{THEIRS}'"}, "", "like"),
        ({"repost_of": f"'{THEIRS}'"}, "", "repost"),
        ({"bookmark_of": f"'{THEIRS}'"}, "", "bookmark"),
    ],
)
def test_a_page_that_linked_to_us_first_is_told_of_a_post_and_not_of_its_own_thought(
    client: FlaskClient,
    publish: Publish,
    services: WebServices,
    fields: dict[str, str],
    body: str,
    kind: str,
) -> None:
    post = publish("A post", body, slug="a-post", **fields)
    link(services, post, THEIRS)
    link(services, post, OTHER)

    found = entry(client, "/posts/a-post")

    for name, order in ORDERS.items():
        assert (name, wordpress_type(dict(order(found["properties"].items())), THEIRS)) == (name, kind)
    assert [cite["properties"]["url"] for cite in found["children"]] == [[THEIRS]]
    assert [cite["properties"]["url"] for cite in found["properties"]["comment"]] == [[OTHER]]


def test_a_page_that_is_not_told_keeps_its_thought_as_a_comment(
    client: FlaskClient, publish: Publish, services: WebServices
) -> None:
    post = publish("A post", f'<a rel="nofollow" href="{THEIRS}">theirs</a>', slug="a-post")
    link(services, post, THEIRS)
    say(services, post)

    assert len(entry(client, "/posts/a-post")["properties"]["comment"]) == 2


@pytest.mark.parametrize("response", ["like", "repost", "bookmark", "reply"])
def test_nor_of_its_own_reaction(
    client: FlaskClient, publish: Publish, services: WebServices, response: Response
) -> None:
    post = publish("A post", f"I read [theirs]({THEIRS}).", slug="a-post")
    respond(services, post, response, at=THEIRS)
    respond(services, post, response, at=OTHER, name="Bob")

    found = entry(client, "/posts/a-post")

    assert wordpress_type(found["properties"], THEIRS) == "mention"
    assert wordpress_type(found["properties"], OTHER) == "target-update"
    assert [cite["properties"]["url"] for cite in found["children"]] == [[THEIRS]]


def strings(tree: object) -> Iterator[str]:
    """All values of a tree of microformats; of HTML the addresses in it."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, list):
        for one in tree:
            yield from strings(one)
    elif isinstance(tree, dict):
        for name, value in tree.items():
            yield from hrefs(value, "a[href]") if name == "html" else strings(value)


ADDRESSES = [
    THEIRS,
    "https://their.example/%C3%A4?q=%20#three",
    "https://their.example/a,b;c/(d)",
    "http://Their.example",
    "http://their.example/~ann/'x'",
]


def test_a_page_that_is_told_of_a_post_stands_in_the_tree_of_the_entry_as_it_was_told(
    client: FlaskClient, publish: Publish
) -> None:
    """As XRay asks, which webmention.io uses: else it has found no link."""
    told = publish("A", "", slug="a", reply_to=json.dumps(ADDRESSES)).reply_to
    publish("B", "".join(f'<a href="{target}">there</a> ' for target in ADDRESSES), slug="b")

    assert told == tuple(ADDRESSES)
    for path in ("/posts/a", "/posts/b"):
        found = list(strings(entry(client, path)["properties"]))
        assert [target for target in ADDRESSES if target not in found] == []


@pytest.mark.parametrize(
    ("fields", "response"),
    [
        ({"reply_to": f"'{THEIRS}'"}, "reply"),
        ({"like_of": f"'{THEIRS}'"}, "like"),
        ({"repost_of": f"'{THEIRS}'"}, "repost"),
        ({"bookmark_of": f"'{THEIRS}'"}, "bookmark"),
        ({}, "mention"),
    ],
)
def test_another_site_of_this_kind_reads_a_post_as_it_is_meant(
    client: FlaskClient, publish: Publish, services: WebServices, fields: dict[str, str], response: Response
) -> None:
    body = "Well said." if fields else f"I read [theirs]({THEIRS})."
    post = publish("A title", body, slug="a-post", authors="[Ann]", **fields)
    link(services, post, THEIRS)
    say(services, post, "Another's words.")

    page = f"{BASE}/posts/a-post"
    reading = read(client.get("/posts/a-post").text, page)
    links = {1: next(link for link in reading.links if link.url == THEIRS)}
    heard_of = heard(reading.microformats, links, {THEIRS: 1}.get, {page_key(page)}, services.clock())

    assert heard_of.responses[1][0] == response
    assert heard_of.entry == Entry(
        author_name="Ann",
        author_url=f"{BASE}/authors/Ann",
        title="A title",
        words=re.sub(r"\[(.*)\]\(.*\)", r"\1", body),
        published_at=post.published_at,
    )


# --- when a post is gone ---


def test_the_page_of_a_deleted_post_says_that_it_is_gone_and_links_to_nobody(
    client: FlaskClient, publish: Publish, services: WebServices
) -> None:
    post = publish("A post", f"I read [theirs]({OTHER}).", slug="a-post", reply_to=f"'{THEIRS}'")
    link(services, post, OTHER)
    services.publisher.delete("a-post")

    answer = client.get("/posts/a-post")

    assert answer.status_code == 410
    assert '<meta http-equiv="Status" content="410 Gone">' in answer.text
    assert "their.example" not in answer.text
    assert "other.example" not in answer.text
    assert mf2py.parse(doc=answer.text, url=f"{BASE}/posts/a-post")["items"] == []


@pytest.mark.parametrize("path", ["/posts/never", "/posts/draft"])
def test_no_other_page_says_that_it_is_gone(client: FlaskClient, publish: Publish, path: str) -> None:
    publish("A draft", slug="draft", draft="true")

    answer = client.get(path)

    assert answer.status_code == 404
    assert "http-equiv" not in answer.text


def test_in_lists_a_post_without_words_says_once_what_it_is_to_other_pages(
    client: FlaskClient, publish: Publish
) -> None:
    publish(None, "", slug="liked", like_of=THEIRS, repost_of=OTHER)
    publish(None, "Words.", slug="noted", reply_to=THEIRS)

    page = client.get("/").text
    (feed,) = mf2py.parse(doc=page, url=f"{BASE}/")["items"]
    noted, liked = sorted(feed["children"], key=lambda one: str(one["properties"]["url"]), reverse=True)

    assert page.count("Likes") == page.count("Reposts") == page.count("In reply to") == 1
    assert (liked["properties"]["like-of"], liked["properties"]["repost-of"]) == ([THEIRS], [OTHER])
    assert liked["properties"]["url"] == [f"{BASE}/posts/liked"]
    assert noted["properties"]["in-reply-to"] == [THEIRS]
