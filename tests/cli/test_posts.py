"""`feedserver post …`."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.one_database

Write = Callable[..., str]
PREVIEW = "http://blog.example/previews/"
HELLO = "---\ntitle: Hello\ndate: 2026-01-31T18:00:00Z\n---\nWords.\n"


def test_add_prints_the_permalink_as_its_last_line(run: Run, site: Path, write: Write) -> None:
    done = run("post", "add", write(HELLO))

    assert (done.status, done.out, done.err) == (0, ["http://blog.example/posts/hello"], [])


def test_add_publishes_several_documents_and_prints_a_line_for_each(run: Run, site: Path, write: Write) -> None:
    names = [write(f"---\ntitle: {title}\n---\n", f"{title}.md") for title in ("One", "Two")]

    done = run("post", "add", *names, "-", given=HELLO.encode())

    assert (done.status, done.err) == (0, [])
    assert done.out == [f"http://blog.example/posts/{slug}" for slug in ("one", "two", "hello")]


def test_of_several_documents_each_remark_names_its_own(run: Run, site: Path, write: Write) -> None:
    first = write("---\ntitle: First\ncolour: red\n---\n", "first.md")
    second = write("---\ntitle: Second\ndraft: true\n---\n", "second.md")

    added = run("post", "add", first, second)

    assert [line.split(": ")[1] for line in added.err] == ["first.md", "second.md"]
    assert (added.status, added.out[0]) == (0, "http://blog.example/posts/first")
    assert len(added.out) == 2
    assert added.out[1].startswith(PREVIEW)


def test_of_several_documents_those_that_are_refused_are_named_and_stop_no_other(
    run: Run, site: Path, write: Write
) -> None:
    names = [write("---\ntitle: T\ndate: 05/06/2024\n---\n", "bad.md"), "none.md", write(HELLO), write(HELLO, "b.md")]

    done = run("post", "add", *names)

    assert (done.status, done.out, len(done.err)) == (1, ["http://blog.example/posts/hello"], 3)
    assert done.err[0].startswith("feedserver: bad.md: date: can be read as 2024-05-06 or 2024-06-05")
    assert done.err[1] == "feedserver: none.md: No such file or directory"
    assert done.err[2].startswith("feedserver: b.md: slug: “hello” is taken")


def test_of_a_draft_a_preview_is_printed_until_readers_can_see_it(run: Run, site: Path, write: Write) -> None:
    done = run("post", "add", write("---\ntitle: Hello\ndraft: true\n---\n"))

    assert (done.status, done.err) == (0, ["feedserver: saved “hello” as a draft"])
    assert len(done.out) == 1
    assert done.out[0].startswith(PREVIEW)
    assert run("post", "edit", "hello", write(HELLO)).out == ["http://blog.example/posts/hello"]


def test_a_post_withheld_by_a_field_of_another_system_says_by_which(run: Run, site: Path, write: Write) -> None:
    done = run("post", "add", write("---\ntitle: Hello\nStatus: private\nhidden: true\n---\n"))

    assert done.status == 0
    assert done.err == ["feedserver: saved “hello” as a draft because of “Status”, “hidden”"]
    assert json.loads(run("post", "list", "--json").text)[0]["state"] == "draft"


def test_a_scheduled_post_has_a_permalink_and_says_when_it_comes(run: Run, site: Path, write: Write) -> None:
    done = run("post", "add", write("---\ntitle: Hello\npublishDate: 2999-01-01T12:00:00Z\n---\n"))

    assert (done.status, done.out) == (0, ["http://blog.example/posts/hello"])
    assert done.err == ["feedserver: scheduled for 2999-01-01 12:00 UTC"]
    assert json.loads(run("post", "list", "--json").text)[0]["state"] == "scheduled"


def test_what_a_post_cannot_do_at_its_expiry_is_said(run: Run, site: Path, write: Write) -> None:
    over = run("post", "add", write("---\ntitle: Over\nexpiryDate: 2000-01-01\n---\n"))
    later = run("post", "add", write("---\ntitle: Later\nexpiryDate: 2999-01-01\n---\n"))

    assert (over.status, over.err) == (
        0,
        ["feedserver: saved “over” as a draft: its time ended at 2000-01-01 00:00 UTC"],
    )
    assert later.out == ["http://blog.example/posts/later"]
    assert later.err == ["feedserver: readers will still see “later” after 2999-01-01 00:00 UTC; delete it then"]


def test_a_document_can_come_from_standard_input(run: Run, site: Path) -> None:
    done = run("post", "add", "-", given=HELLO.encode())

    assert (done.status, done.out) == (0, ["http://blog.example/posts/hello"])
    assert run("post", "edit", "hello", "-", given=b"---\ntitle: Other\n---\n").out[-1].endswith("/posts/hello")


def test_edit_keeps_the_address(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write(HELLO))

    done = run("post", "edit", "hello", write("---\ntitle: Another Title\n---\nNew."))

    assert (done.status, done.out) == (0, ["http://blog.example/posts/hello"])
    (post,) = json.loads(run("post", "list", "--json").text)
    assert (post["title"], post["published_at"]) == ("Another Title", "2026-01-31T18:00:00Z")
    assert datetime.fromisoformat(post["updated_at"]) > datetime(2026, 2, 1, tzinfo=UTC)


def test_rename_prints_the_new_permalink(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write(HELLO))

    assert run("post", "rename", "hello", "привет").out == [
        "http://blog.example/posts/%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82"
    ]
    assert run("post", "show", "привет").status == 0


def test_show_prints_the_document_as_it_was_published(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write(HELLO))
    run("post", "add", write("---\ntitle: No line end\n---\nWords."))

    assert run("post", "show", "hello").text + "\n" == HELLO
    assert run("post", "show", "no-line-end").text == "---\ntitle: No line end\n---\nWords."


def states(run: Run) -> dict[str, str]:
    return {post["slug"]: post["state"] for post in json.loads(run("post", "list", "--json").text)}


def test_delete_hides_a_post_until_it_is_restored(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write(HELLO))

    deleted = run("post", "delete", "hello")
    assert (deleted.status, deleted.err, len(deleted.out)) == (0, [], 1)
    assert "feedserver post restore hello" in deleted.out[0]
    assert states(run) == {"hello": "deleted"}
    shown = run("post", "show", "hello")
    assert (shown.status, shown.text + "\n") == (0, HELLO)
    assert "feedserver post restore hello" in shown.err[0]
    for command in (("edit", "hello", "post.md"), ("rename", "hello", "new"), ("delete", "hello")):
        refused = run("post", *command)
        assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
        assert "feedserver post restore hello" in refused.err[0]

    assert run("post", "restore", "hello").out == ["http://blog.example/posts/hello"]
    assert states(run) == {"hello": "published"}
    refused = run("post", "restore", "hello")
    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)


def test_a_deleted_post_is_erased_with_its_thoughts(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write(HELLO))
    assert run("post", "erase", "hello").status == 1, "only a deleted one"
    run("post", "delete", "hello")

    erased = run("post", "erase", "hello")

    assert (erased.status, erased.err, len(erased.out)) == (0, [], 1)
    assert "backups" in erased.text
    (post,) = json.loads(run("post", "list", "--json").text)
    assert (post["state"], post["title"]) == ("deleted", "")
    for command in ("restore", "show", "preview", "history"):
        refused = run("post", command, "hello")
        assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
        assert "erased" in refused.err[0]


def test_an_edit_with_another_slug_says_that_renaming_is_a_command_and_changes_nothing(
    run: Run, site: Path, write: Write
) -> None:
    run("post", "add", write(HELLO))

    refused = run("post", "edit", "hello", write("---\ntitle: New\nslug: new\n---\n"))

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert "feedserver post rename hello new" in refused.err[0]
    assert run("post", "show", "hello").text + "\n" == HELLO
    run("post", "rename", "hello", "new")
    assert run("post", "edit", "new", write("---\ntitle: New\nslug: hello\n---\n")).status == 0, "its former one"


def test_an_edit_of_a_deleted_post_is_told_to_restore_it_whatever_slug_its_document_has(
    run: Run, site: Path, write: Write
) -> None:
    run("post", "add", write(HELLO))
    run("post", "delete", "hello")

    refused = run("post", "edit", "hello", write("---\ntitle: New\nslug: new\n---\n"))

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert "feedserver post restore hello" in refused.err[0]


def test_the_list_can_be_narrowed_to_a_state(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write(HELLO))
    run("post", "add", write("---\ntitle: Draft\ndraft: true\n---\n"))

    assert [post["slug"] for post in json.loads(run("post", "list", "--json", "--state", "draft").text)] == ["draft"]
    assert run("post", "list", "--state", "nonsense").status == 2


def test_each_unknown_field_is_named_with_the_nearest_known_one_but_does_not_stop_the_post(
    run: Run, site: Path, write: Write
) -> None:
    done = run("post", "add", write("---\ntitle: Hello\nCategories: [red]\ncolour: \u202ered\n---\n"))

    assert (done.status, done.out) == (0, ["http://blog.example/posts/hello"])
    assert done.err == [
        "feedserver: unknown field “Categories” is left out; did you mean “tags”?",
        "feedserver: unknown field “colour” is left out; the fields are title, slug, date, updated, tags, authors,"
        " summary, lang, draft, pings, comments, enclosures, page, menu, format, reply_to, like_of, repost_of,"
        " bookmark_of, tell, imported, photos, micropub",
    ]


def test_a_text_that_ends_where_a_comment_begins_is_named(run: Run, site: Path, write: Write) -> None:
    front = "title: Why #bees matter\nsummary: 'Issue #1'\ntags: #sea\nslug: why\ndraft: no # yet\nlang: en"

    done = run("post", "add", write(f"---\n{front}\n---\n"))

    assert (done.status, done.out) == (0, ["http://blog.example/posts/why"])
    left_out = "what follows “ #” is a comment and is left out; write the value in quotes to keep it"
    assert done.err == [f"feedserver: title: {left_out}", f"feedserver: tags: {left_out}"]


def test_the_table_has_whole_slugs_beside_long_titles(run: Run, site: Path, write: Write) -> None:
    slug = "what-other-commands-are-told-by-it"
    run("post", "add", write(f"---\nslug: {slug}\ntitle: {'A long title ' * 10}\n---\n"))

    assert slug in run("post", "list").text


@pytest.mark.parametrize("title", ["Re: bees", '"Bees" in town', "@home", "'Tis bees"])
def test_a_value_that_yaml_cannot_read_is_one_line_that_says_to_quote_it(
    run: Run, site: Path, write: Write, title: str
) -> None:
    done = run("post", "add", write(f"---\ntitle: {title}\n---\n"))

    assert done.status == 1
    assert len(done.err) == 1
    assert done.err[0].endswith('stands in quotes, as “title: "Re: bees"”')


def test_a_line_that_a_tab_begins_is_told_to_begin_with_blanks(run: Run, site: Path, write: Write) -> None:
    done = run("post", "add", write("---\ntitle: Bees\n\ttags: [a]\n---\n"))

    assert done.status == 1
    assert done.err[0].endswith("; lines begin with blanks, not with a tab")


def test_the_list_has_every_key_always(run: Run, site: Path, write: Write) -> None:
    front = "date: 2026-01-31\nupdated: 2026-02-01\ntags: [a, b]\nauthors: [Ann, Bob]\n"
    run("post", "add", write(f"---\ntitle: Ünïcode\n{front}---\n"))
    run("post", "add", write("---\ntitle: Draft\ndraft: true\n---\n"))
    run("post", "add", write("---\ntitle: Later\ndate: 2999-01-01\n---\n"))
    run("post", "add", write("---\nslug: untitled\ndate: 2000-01-01\n---\n"))
    run("post", "add", write("---\ntitle: Gone\ndate: 1999-01-01\n---\n"))
    run("post", "delete", "gone")

    listed = {post["slug"]: post for post in json.loads(run("post", "list", "--json").text)}

    keys = "slug url id title state published_at updated_at tags authors thoughts page".split()
    assert all(list(post) == keys for post in listed.values())
    assert {slug: post["state"] for slug, post in listed.items()} == {
        "later": "scheduled",
        "draft": "draft",
        "unicode": "published",
        "untitled": "published",
        "gone": "deleted",
    }
    post = listed["unicode"]
    assert post["id"].startswith("urn:uuid:")
    assert {key: value for key, value in post.items() if key != "id"} == {
        "slug": "unicode",
        "url": "http://blog.example/posts/unicode",
        "title": "Ünïcode",
        "state": "published",
        "published_at": "2026-01-31T00:00:00Z",
        "updated_at": "2026-02-01T00:00:00Z",
        "tags": ["a", "b"],
        "authors": ["Ann", "Bob"],
        "thoughts": 0,
        "page": False,
    }
    assert listed["draft"]["published_at"] is None
    assert listed["untitled"]["title"] == ""
    assert listed["untitled"]["authors"] == ["The author"]


def test_the_list_for_people_is_newest_first(run: Run, site: Path, write: Write) -> None:
    assert run("post", "list").out == []
    run("post", "add", write("---\ntitle: Old\ndate: 2000-01-01\n---\n"))
    run("post", "add", write("---\ntitle: New\ndate: 2001-01-01\n---\n"))

    heading, *posts = run("post", "list").out
    assert heading.split() == ["published", "at", "state", "slug", "title", "thoughts"]
    assert [line.split()[3] for line in posts] == ["new", "old"]


# --- refusals ---


CANNOT_BE_TAKEN = [
    pytest.param(b"", "document", id="empty"),
    pytest.param(b" \n", "document", id="blank"),
    pytest.param(b"Just words.", "front matter", id="no front matter"),
    pytest.param(b"---\ndraft: no\n---\nJust words.", "title", id="no title"),
    pytest.param(b"---\ntitle: T\ndate: never\n---\n", "date", id="date"),
    pytest.param(b"---\ntitle: [\n---\n", "front matter", id="YAML"),
    pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", "document", id="binary"),
    pytest.param(b"---\ntitle: T\n---\n" + b"a" * 1_048_576, "document", id="too long"),
    pytest.param(b"---\ntitle: T\n---\n" + b"<div>" * 200, "body", id="too deep"),
]
SLUG_TAKEN = pytest.param(b"---\ntitle: Taken\n---\n", "slug", id="slug taken")


@pytest.mark.parametrize(("content", "field"), [*CANNOT_BE_TAKEN, SLUG_TAKEN])
def test_a_document_that_cannot_be_added_is_one_line_that_names_the_field(
    run: Run, site: Path, write: Write, content: bytes, field: str
) -> None:
    run("post", "add", write("---\ntitle: Taken\n---\n"))
    before = run("post", "list", "--json").text

    for refused in (run("post", "add", write(content)), run("post", "add", "-", given=content)):
        assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
        assert refused.err[0].startswith(f"feedserver: {field}: ")
    assert run("post", "list", "--json").text == before


@pytest.mark.parametrize(("content", "field"), CANNOT_BE_TAKEN)
def test_an_edit_that_cannot_be_taken_is_one_line_that_names_the_field(
    run: Run, site: Path, write: Write, content: bytes, field: str
) -> None:
    run("post", "add", write("---\ntitle: Kept\n---\n"))
    before = run("post", "list", "--json").text

    refused = run("post", "edit", "kept", write(content))

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert refused.err[0].startswith(f"feedserver: {field}: ")
    assert run("post", "list", "--json").text == before


@pytest.mark.parametrize(
    "name", ["missing.md", ".", "", "post.md/x"], ids=["missing", "folder", "nothing", "no folder"]
)
def test_a_file_that_cannot_be_read_is_one_line_that_names_it(run: Run, site: Path, write: Write, name: str) -> None:
    write(HELLO)

    refused = run("post", "add", name)

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert refused.err[0].startswith(f"feedserver: {name or '.'}: ")


def test_an_endless_file_is_not_read_to_its_end(run: Run, site: Path) -> None:
    assert "1 MiB" in run("post", "add", "/dev/zero").err[0]


@pytest.mark.parametrize("slug", ["nothing", "", "../x", "\udcff"], ids=ascii)
@pytest.mark.parametrize("command", ["edit {} post.md", "rename {} new", "delete {}", "show {}"])
def test_an_unknown_slug_is_one_line_that_says_where_to_look(
    run: Run, site: Path, write: Write, command: str, slug: str
) -> None:
    write(HELLO)

    refused = run("post", *[word.format(slug) for word in command.split()])

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert "feedserver post list" in refused.err[0]


def test_a_slug_that_cannot_be_taken_is_refused(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write(HELLO))
    run("post", "add", write("---\ntitle: Other\n---\n"))

    for new in ("other", "a b", ""):
        refused = run("post", "rename", "hello", new)
        assert (refused.status, len(refused.err)) == (1, 1)
        assert refused.err[0].startswith("feedserver: slug: ")


# --- pages ---

PAGE = "---\ntitle: About\npage: true\nmenu: Who we are\n---\nWords.\n"


def test_of_a_page_its_own_address_is_printed(run: Run, site: Path, write: Write) -> None:
    address = "http://blog.example/about"

    assert run("post", "add", write(PAGE)).out == [address]
    assert run("post", "edit", "about", write(PAGE)).out == [address]
    assert run("post", "rename", "about", "us").out == ["http://blog.example/us"]
    assert run("post", "delete", "us").out[0].startswith("deleted http://blog.example/us; ")
    assert run("post", "restore", "us").out == ["http://blog.example/us"]
    run("post", "delete", "us")
    assert run("post", "erase", "us").out[0].startswith("erased http://blog.example/us ")


def test_a_page_stands_among_the_posts_and_says_that_it_is_one(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write(PAGE), write(HELLO, "hello.md"))

    listed = json.loads(run("post", "list", "--json").text)

    assert [(post["url"], post["state"], post["page"]) for post in listed] == [
        ("http://blog.example/about", "published", True),
        ("http://blog.example/posts/hello", "published", False),
    ]
    assert [line.split()[2:4] for line in run("post", "list").out[1:]] == [
        ["published", "page"],
        ["published", "hello"],
    ]


def test_no_edit_makes_a_page_of_a_post_or_a_post_of_a_page(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write(PAGE), write(HELLO, "hello.md"))

    for slug, document in (("about", HELLO), ("hello", PAGE)):
        refused = run("post", "edit", slug, write(document.replace("title: ", f"slug: {slug}\ntitle: ")))
        assert (refused.status, len(refused.err)) == (1, 1)
        assert refused.err[0].startswith("feedserver: page: this is a p")
    assert run("post", "show", "hello").text == HELLO.rstrip()


def test_a_page_whose_slug_is_an_address_of_the_site_is_refused_in_a_line(run: Run, site: Path, write: Write) -> None:
    refused = run("post", "add", write(PAGE.replace("About", "Search")))

    assert (refused.status, len(refused.err)) == (1, 1)
    assert "slug: no page can live at /search" in refused.err[0]


def test_a_menu_that_means_nothing_is_told(run: Run, site: Path, write: Write) -> None:
    done = run("post", "add", write(PAGE.replace("page: true\n", "")))

    assert (done.status, done.out) == (0, ["http://blog.example/posts/about"])
    assert done.err == ["feedserver: unknown field “menu” is left out; it is one of pages alone (“page: true”)"]


def test_a_page_tells_nobody(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write(PAGE.replace("Words", "[x](http://elsewhere.example/)")))

    refused = run("ping", "send", "about")

    assert (refused.status, refused.err) == (
        1,
        ["feedserver: “about” is a page, and pages tell nobody that they link to them"],
    )
    assert json.loads(run("ping", "list", "--json").text) == []


def test_preview_prints_an_address_and_ends_all_of_a_post(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write("---\ntitle: Hello\ndraft: true\n---\n"))

    made = run("post", "preview", "hello")
    ended = run("post", "preview", "hello", "--revoke")

    assert made.status == 0
    assert made.out[-1].startswith(PREVIEW)
    assert (ended.status, ended.out) == (0, ["ended 2 previews of “hello”"])
    assert run("post", "preview", "nothing").err == [
        "feedserver: no post has the slug “nothing”; `feedserver post list` shows them all"
    ]


def test_a_deleted_post_gets_no_preview_and_those_that_it_had_can_be_ended(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write("---\ntitle: Hello\ndraft: true\n---\n"))
    run("post", "delete", "hello")

    made = run("post", "preview", "hello")

    assert (made.status, made.out) == (1, [])
    assert made.err == ["feedserver: “hello” is deleted; `feedserver post restore hello` brings it back"]
    assert run("post", "preview", "hello", "--revoke").out == ["ended 1 preview of “hello”"]


def test_history_lists_each_saved_text(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write(HELLO))
    run("post", "edit", "hello", write(HELLO.replace("title: Hello", "title: Good day")))
    run("post", "edit", "hello", write(HELLO.replace("title: Hello", "title: Good day")))

    found = json.loads("\n".join(run("post", "history", "hello", "--json").out))

    assert [(one["number"], one["title"]) for one in found] == [(2, "Good day"), (1, "Hello")]
    assert all(list(one) == ["number", "at", "by", "via", "title"] and one["by"] is None for one in found)
    assert {one["via"] for one in found} == {"cli"}
    assert "Good day" in run("post", "history", "hello").out[1]
