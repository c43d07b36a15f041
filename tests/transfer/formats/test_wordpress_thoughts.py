from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feedserver.thoughts.model import Kind, Response, State
from tests.transfer.formats.wordpress_exports import attachment, comment, export_of, item, meta, thought_of


def note(name: str, value: str) -> str:
    return meta(name, value, "wp:commentmeta")


@pytest.mark.parametrize(
    ("approved", "state"),
    [
        ("1", "shown"),
        ("0", "held"),
        ("hold", "held"),
        ("spam", "spam"),
        ("trash", "deleted"),
        ("post-trashed", "deleted"),
        ("", "held"),
        ("editorial-comment", "held"),
    ],
)
def test_a_comment_keeps_its_state_and_one_that_is_not_known_is_held(
    tmp_path: Path, approved: str, state: State
) -> None:
    assert thought_of(tmp_path, wp__comment_approved=approved).state == state


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("One\ntwo\n\nthree &amp; <em>four</em> < 5", "One\ntwo\n\nthree & four < 5"),
        ('<a href="https://a.example/b">here</a>', "here (https://a.example/b)"),
        ("<blockquote>Said</blockquote>No", "> Said\n\nNo"),
        ("<script>x</script>y", "y"),
    ],
)
def test_a_comment_is_plain_text_with_paragraphs_and_the_addresses_of_its_links(
    tmp_path: Path, content: str, text: str
) -> None:
    assert thought_of(tmp_path, wp__comment_content=content).text == text


def test_names_of_people_are_not_escaped_any_more(tmp_path: Path) -> None:
    thought = thought_of(
        tmp_path, wp__comment_author="O&#8217;Hara &amp; Bo", wp__comment_author_url="https://a.example/?b=1&amp;c=2"
    )

    assert (thought.author_name, thought.author_url) == ("O’Hara & Bo", "https://a.example/?b=1&c=2")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "mailto:a@b.example", "a.example"])
def test_only_the_address_of_a_page_is_one_of_an_author(tmp_path: Path, url: str) -> None:
    assert thought_of(tmp_path, wp__comment_author_url=url).author_url == ""


def test_a_pingback_names_its_page_and_its_title(tmp_path: Path) -> None:
    thought = thought_of(
        tmp_path,
        wp__comment_type="pingback",
        wp__comment_author="A walk &#8211; River",
        wp__comment_author_url="https://river.example/a/",
        wp__comment_content="[&#8230;] the larks [&#8230;]",
    )

    assert (thought.kind, thought.source, thought.title) == ("pingback", "https://river.example/a/", "A walk – River")
    assert (thought.author_name, thought.author_url, thought.text) == ("", "", "[…] the larks […]")


def test_a_trackback_tells_its_title_in_its_text(tmp_path: Path) -> None:
    thought = thought_of(
        tmp_path,
        wp__comment_type="trackback",
        wp__comment_author="Weekly",
        wp__comment_author_url="https://weekly.example/1",
        wp__comment_content="<strong>Five &amp; more</strong>\n\nThe larks [...]",
    )

    assert (thought.kind, thought.source, thought.author_name) == ("pingback", "https://weekly.example/1", "Weekly")
    assert (thought.title, thought.text) == ("Five & more", "The larks [...]")


@pytest.mark.parametrize(
    ("told", "noted", "kind", "response"),
    [
        ("webmention", "", "webmention", "mention"),
        ("like", note("protocol", "webmention"), "webmention", "like"),
        ("repost", note("webmention_source_url", "https://kai.example/7"), "webmention", "repost"),
        ("comment", note("protocol", "webmention"), "webmention", "reply"),
        ("webmention", note("semantic_linkbacks_type", "bookmark"), "webmention", "bookmark"),
        ("webmention", note("semantic_linkbacks_type", "rsvp:yes"), "webmention", "rsvp"),
        ("comment", "", "comment", None),
        ("", "", "comment", None),
        ("review", "", "comment", None),
    ],
)
def test_a_webmention_is_what_its_plugin_noted(
    tmp_path: Path, told: str, noted: str, kind: Kind, response: Response | None
) -> None:
    thought = thought_of(tmp_path, noted, wp__comment_type=told, wp__comment_author_url="https://kai.example/")

    assert (thought.kind, thought.response) == (kind, response)
    assert thought.author_url == "https://kai.example/"


def test_the_page_of_a_webmention_is_another_than_its_author_s(tmp_path: Path) -> None:
    source = note("webmention_source_url", "https://kai.example/7")

    assert thought_of(tmp_path, source, wp__comment_author_url="https://kai.example/").source == "https://kai.example/7"


@pytest.mark.parametrize(
    ("universal", "local", "at"),
    [
        ("2023-03-05 06:00:00", "2023-03-05 09:00:00", datetime(2023, 3, 5, 6, tzinfo=UTC)),
        ("0000-00-00 00:00:00", "2023-03-05 09:00:00", datetime(2023, 3, 5, 8, tzinfo=UTC)),
        ("0000-00-00 00:00:00", "0000-00-00 00:00:00", datetime(2023, 3, 4, 19, 15, tzinfo=UTC)),  # that of its post
        ("", "", datetime(2023, 3, 4, 19, 15, tzinfo=UTC)),
    ],
)
def test_the_date_of_a_comment_is_universal_where_it_says_so(
    tmp_path: Path, universal: str, local: str, at: datetime
) -> None:
    export = export_of(
        tmp_path,
        item(comment(wp__comment_date_gmt=universal, wp__comment_date=local)),
        zone=ZoneInfo("Europe/Berlin"),
    )

    assert [one.at for one in export.thoughts] == [at]


UNDATED = {"wp__comment_date": "0000-00-00 00:00:00", "wp__comment_date_gmt": "0000-00-00 00:00:00"}


def test_a_comment_without_a_date_on_the_page_of_a_file_has_that_of_the_post_of_the_file(tmp_path: Path) -> None:
    file = attachment("8", "https://old.example/wp-content/uploads/a.jpg", comment(**UNDATED), wp__post_parent="7")

    export = export_of(tmp_path, file, item())

    assert [one.at for one in export.thoughts] == [datetime(2023, 3, 4, 19, 15, tzinfo=UTC)]
    assert {one.why for one in export.remarks if one.where.endswith("comment 1")} == {
        "it has no date, and gets that of its post",
        "it was on the page of a file, and is on the post of that file now",
    }


def test_a_comment_without_a_date_on_a_draft_is_of_when_that_was_written(tmp_path: Path) -> None:
    draft = item(comment(**UNDATED), wp__status="draft", wp__post_date_gmt="0000-00-00 00:00:00")

    assert [one.at for one in export_of(tmp_path, draft).thoughts] == [datetime(2023, 3, 4, 21, 15, tzinfo=UTC)]


@pytest.mark.parametrize("date", ["0000-00-00 00:00:00", "2027-03-04 21:15:00"])
def test_a_comment_without_a_date_on_a_post_without_one_that_has_come_is_left_out(tmp_path: Path, date: str) -> None:
    export = export_of(tmp_path, item(comment(**UNDATED), wp__post_date=date, wp__post_date_gmt=date))

    assert export.thoughts == []
    (why,) = (one.why for one in export.remarks if one.what == "a comment")
    assert why == "it has no date, and its post has none that has come"


@pytest.mark.parametrize("told", ["note", "order_note", "action_log", "editorial-comment", "of a plugin"])
@pytest.mark.parametrize("noted", ["", note("url", "https://kai.example/"), note("protocol", "else")])
def test_a_comment_of_a_type_that_readers_did_not_see_is_left_out(tmp_path: Path, told: str, noted: str) -> None:
    export = export_of(tmp_path, item(comment(noted, wp__comment_type=told)))

    assert export.thoughts == []
    assert [(one.treatment, one.what, one.why) for one in export.remarks] == [
        (
            "left out",
            f"a comment of the type {told}",
            "only types of comments are taken that are known to be for readers",
        )
    ]


@pytest.mark.parametrize("noted", [note("protocol", "activitypub"), note("webmention_source_url", "https://a.example")])
def test_a_type_that_is_not_known_is_public_where_it_came_from_another_site(tmp_path: Path, noted: str) -> None:
    assert thought_of(tmp_path, noted, wp__comment_type="quote").state == "shown"


def test_comments_follow_their_post_and_name_what_they_answer(tmp_path: Path) -> None:
    export = export_of(
        tmp_path,
        item(comment(wp__comment_id="2", wp__comment_parent="1"), comment()),
        item(comment(), wp__post_id="8"),
    )

    assert [type(one).__name__ for one in export.items[1:7]] == [
        "ImportedPost",
        "ImportedThought",
        "ImportedThought",
        "ImportedPost",
        "ImportedThought",
        "ImportedRedirect",
    ]
    assert {one.key: (one.post, one.parent) for one in export.thoughts} == {
        "7-2": ("7", "7-1"),
        "7-1": ("7", None),
        "8-1": ("8", None),
    }
