"""The pages elsewhere that a post answers, likes, reposts or bookmarks, and whether pages are told of it."""

from datetime import UTC

import pytest
from sqlalchemy import select

from feedserver.errors import InvalidDocument
from feedserver.posts import store
from feedserver.posts.document import nearest_field, read
from feedserver.posts.model import DraftText
from feedserver.services import WebServices
from feedserver.storage.engine import Database
from feedserver.storage.schema import posts
from tests.posts.builders import document, edit
from tests.storage.test_upgrade_of_thoughts import POST
from tests.storage.test_upgrade_of_thoughts import insert as insert_row
from tests.support.fixtures import Publish
from tests.support.upgrading import upgrade_to

FIELDS = ("reply_to", "like_of", "repost_of", "bookmark_of")
A, B = "https://a.example/1", "http://b.example/2?x=1&y=2#three"
LONGEST = "https://a.example/".ljust(2048, "a")


def of(line: str) -> DraftText:
    return read(document("T") if not line else f"---\ntitle: T\n{line}\n---\n".encode(), UTC)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        (A, (A,)),
        (f"'  {A} '", (A,)),
        (f"[{A}, '{B}']", (A, B)),
        (f"\n- {B}\n- {A}", (B, A)),
        (f"[{B}, https://c.example/?p=1]", (B, "https://c.example/?p=1")),
        (f"[{A}, '{B}', {A}]", (A, B)),
        (f"[~, '', {A}, null]", (A,)),
        (LONGEST, (LONGEST,)),
        ("https://bücher.example/ä b".replace(" ", "?q="), ("https://xn--bcher-kva.example/%C3%A4?q=b",)),
        ("https://a_b.example:8080/[1],2;3", ("https://a_b.example:8080/[1],2;3",)),
        ("", ()),
        ("~", ()),
        ("[]", ()),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 80 else "",
)
def test_a_field_holds_one_address_or_a_list(field: str, value: str, addresses: tuple[str, ...]) -> None:
    assert getattr(of(f"{field}: {value}"), field) == addresses


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("/posts/mine", "“/posts/mine” is no absolute http or https address, such as https://example.org/page"),
        ("//a.example/1", "is no absolute http or https address"),
        ("a.example/1", "is no absolute http or https address"),
        ("mailto:ann@a.example", "is no absolute http or https address"),
        ("javascript:alert(1)", "is no absolute http or https address"),
        ("https://ann@a.example/", "is no absolute http or https address"),
        ("https://a.example:0/", "is no absolute http or https address"),
        ("'https:///path'", "is no absolute http or https address"),
        ("https://a.example\\b", "is no absolute http or https address"),
        (f"{A} {B.partition('#')[0]}", "address; several stand in a list: [A, B]"),
        (f"'{A}, {B}'", "several stand in a list"),
        (f"[{A}, yes]", "“yes” is no absolute http or https address"),
        ('"a\\u202eb\\nc"', "“ab c” is no absolute http or https address"),
        ("{url: https://a.example/}", "must be an address such as https://example.org/page, or a list of addresses"),
        (f"[[{A}]]", "must be an address such as https://example.org/page, or a list of addresses"),
        (LONGEST + "a", "is over 2,048 bytes"),
        ("https://a.example/" + "ä" * 400, "is over 2,048 bytes"),
        (f'"https://a.example/\\n\\u202e{"a" * 2048}"', "is over 2,048 bytes"),
        ("[" + ", ".join(f"https://a.example/{number}" for number in range(101)) + "]", "are over 100"),
        ('"https://a.example/\\ud800 x"', "is no absolute http or https address"),
    ],
    ids=lambda value: value if len(value) < 80 else "",
)
def test_what_is_no_address_is_refused_in_one_line_that_names_the_field(field: str, value: str, line: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        of(f"{field}: {value}")

    assert str(refused.value).startswith(f"{field}: ")
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "\u202e" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("line", "tells"), [("", True), ("tell:", True), ("tell: true", True), ("Tell: no", False), ("tell: false", False)]
)
def test_other_pages_are_told_of_a_post_unless_it_says_no(line: str, tells: bool) -> None:
    assert of(line).tells is tells


@pytest.mark.parametrize("value", ["perhaps", "[false]", "https://a.example/"])
def test_telling_is_yes_or_no(value: str) -> None:
    with pytest.raises(InvalidDocument, match=r"^tell: must be true or false$"):
        of(f"tell: {value}")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("in-reply-to", "reply_to"),
        ("in_reply_to", "reply_to"),
        ("replyTo", "reply_to"),
        ("reply_too", "reply_to"),
        ("like-of", "like_of"),
        ("likes", "like_of"),
        ("repost-of", "repost_of"),
        ("bookmark-of", "bookmark_of"),
        ("bookmark", "bookmark_of"),
        ("tells", "tell"),
    ],
)
def test_a_name_that_is_near_is_named_with_the_field_meant(written: str, meant: str) -> None:
    found = of(f"{written}: {A}")

    assert found.unknown_fields == (written,)
    assert nearest_field(written) == meant


def test_a_post_keeps_the_pages_that_it_is_about_until_an_edit_leaves_them_out(
    publish: Publish, services: WebServices
) -> None:
    made = publish("T", slug="t", reply_to=f"[{A}, '{B}']", like_of=A, repost_of=B, bookmark_of=f"[{B}]", tell="false")

    assert (made.reply_to, made.like_of, made.repost_of, made.bookmark_of) == ((A, B), (A,), (B,), (B,))
    assert made.tells is False
    with services.database.read() as connection:
        assert store.by_slug(connection, "t") == made

    edited = edit(services, "t", like_of=B)

    assert (edited.reply_to, edited.like_of, edited.repost_of, edited.bookmark_of) == ((), (B,), (), ())
    assert edited.tells is True


def test_their_hosts_are_hosts_that_our_posts_link_to(publish: Publish, services: WebServices) -> None:
    publish("T", "With a [link](https://c.example/).", slug="t", reply_to=A, bookmark_of=f"'{B}'")

    assert linked_sites(services) == {"a.example": True, "b.example": True, "c.example": True}

    edit(services, "t", like_of=A)

    assert linked_sites(services) == {"a.example": True, "b.example": False, "c.example": False}


def linked_sites(services: WebServices) -> dict[str, bool]:
    """Which sites a visible post links to."""
    with services.database.read() as connection:
        return {
            site: store.any_link_to(connection, site, services.clock())
            for site in ("a.example", "b.example", "c.example")
        }


def test_ids_of_posts_are_found_by_any_slug_that_they_had_unless_nobody_sees_them(
    publish: Publish, services: WebServices
) -> None:
    one = publish("One", slug="one")
    services.publisher.rename("one", "first")
    publish("Draft", slug="draft", draft="true")
    publish("Gone", slug="gone")
    services.publisher.delete("gone")

    with services.database.read() as connection:
        found = store.guids(connection, ["one", "first", "draft", "gone", "never"], services.clock())

    assert found == {"one": (one.guid, None), "first": (one.guid, None)}


def test_they_come_back_with_a_deleted_post_and_go_when_it_is_erased(publish: Publish, services: WebServices) -> None:
    publish("T", slug="t", reply_to=A, bookmark_of=B)
    services.publisher.delete("t")

    assert services.publisher.restore("t").reply_to == (A,)

    services.publisher.delete("t")
    services.publisher.erase("t")
    with services.database.read() as connection:
        (row,) = connection.execute(select(posts)).all()
    assert "example" not in str(row)


def test_a_post_of_an_older_release_is_about_no_page_and_tells(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    upgrade_to(database, "1023")
    insert_row(database, "posts", POST)

    upgrade_to(database, "head")

    with database.read() as connection:
        post = store.by_id(connection, 1)
    database.close()
    assert post is not None
    assert (post.reply_to, post.like_of, post.repost_of, post.bookmark_of, post.tells) == ((), (), (), (), True)
