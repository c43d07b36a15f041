"""What apps do to posts, by MetaWeblog and Blogger: what is said changes, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any
from xmlrpc.client import DateTime, Fault

import pytest
from flask.testing import FlaskClient

from feedserver.authoring.xmlrpc_apps import post_methods
from feedserver.posts import revisions, store
from feedserver.posts.model import Post, Writer
from feedserver.posts.publishing import Publisher
from feedserver.services import WebServices
from tests.authoring.conftest import ME, App, MakeApp
from tests.support.fixtures import Publish
from tests.support.outside import Clock


def post(services: WebServices, post_id: str) -> Post:
    with services.database.read() as connection:
        found = store.by_id(connection, int(post_id))
    assert found is not None
    return found


def code(refused: pytest.ExceptionInfo[Fault]) -> int:
    return refused.value.faultCode


# --- new posts ---


def test_a_post_is_published_by_the_account_and_the_history_says_by_what(mars: App, services: WebServices) -> None:
    post_id = mars.new(title="Spring", description="Larks *sing*.", mt_excerpt="Short", categories=["Birds"])

    made = post(services, post_id)
    assert (made.title, made.slug, made.summary, made.tags) == ("Spring", "spring", "Short", ("Birds",))
    assert "<em>sing</em>" in made.html
    with services.database.read() as connection:
        (first,) = revisions.history(connection, made.id)
    assert (first.by, first.via) == ("mara", "xmlrpc")


@pytest.mark.parametrize(
    ("publish", "status", "state"),
    [
        (True, None, "published"),
        (False, None, "draft"),
        (None, None, "draft"),
        (True, "draft", "draft"),
        (False, "publish", "draft"),
        (None, "publish", "published"),
        (True, "pending", "draft"),
        (True, "publish", "published"),
        (True, "", "published"),
    ],
)
def test_a_new_post_is_public_only_if_nothing_withholds_it(
    mars: App, services: WebServices, publish: bool | None, status: str | None, state: str
) -> None:
    said = {} if status is None else {"post_status": status}

    assert post(services, mars.new(publish=publish, title="T", description="D", **said)).state == state


@pytest.mark.parametrize("said", [{"post_status": "private"}, {"wp_password": "secret"}])
def test_a_post_that_only_some_may_read_is_refused(mars: App, services: WebServices, said: dict[str, str]) -> None:
    with pytest.raises(Fault) as refused:
        mars.new(title="T", description="D", **said)

    assert code(refused) == 401
    with services.database.read() as connection:
        assert not store.has_any(connection)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"post_status": "trash"}, "There is no post status “trash”"),
        ({"dateCreated": "soon"}, "The date in “dateCreated” cannot be read"),
        ({"dateCreated": "0001-01-01T00:00:00+14:00"}, "The date in “dateCreated” cannot be read"),
        ({"date_created_gmt": DateTime("99991231T23:59:59-01:00")}, "The date in “date_created_gmt” cannot be read"),
    ],
    ids=["a status", "a word", "before all years", "after all years"],
)
def test_what_cannot_be_meant_is_refused_by_name_and_nothing_else_is_applied(
    mars: App, services: WebServices, said: dict[str, object], told: str
) -> None:
    post_id = mars.new(title="T", description="D")
    before = post(services, post_id)

    for deed in (lambda: mars.new(title="New", **said), lambda: mars.edit(post_id, title="New", **said)):
        with pytest.raises(Fault, match=told) as refused:
            deed()
        assert code(refused) == 400

    assert post(services, post_id) == before
    assert len(mars("metaWeblog.getRecentPosts", "1", ME)) == 1


def test_a_date_to_come_schedules_and_comes_back_as_published(mars: App, services: WebServices) -> None:
    post_id = mars.new(title="T", description="D", date_created_gmt=DateTime("20310101T07:00:00"))

    assert post(services, post_id).status(services.clock()) == "scheduled"
    assert mars.get(post_id)["post_status"] == "publish"
    (found,) = mars("wp.getPosts", "1", ME, {"post_status": "future"})
    assert (found["post_status"], str(found["post_date"])) == ("future", "20310101T07:00:00Z")


def test_the_date_in_gmt_goes_before_the_other_one(mars: App, services: WebServices) -> None:
    dates = {"dateCreated": DateTime("20230304T09:00:00"), "date_created_gmt": DateTime("20230304T06:00:00")}

    assert post(services, mars.new(title="T", **dates)).published_at == datetime(2023, 3, 4, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "breaks", "kept"),
    [
        ("*a*", "markdown", "markdown"),
        ("<p>a</p>", "markdown", "markdown"),
        ("<p>a</p>", None, "html"),
        ("\n <p>a</p>", "", "html"),
        ("*a*", "0", "html"),
        ("*a*", None, "markdown"),
        ("*a*", "1", "markdown"),
    ],
)
def test_the_format_follows_from_the_filter_and_the_text_and_an_edit_keeps_it(
    mars: App, services: WebServices, text: str, breaks: str | None, kept: str
) -> None:
    said = {} if breaks is None else {"mt_convert_breaks": breaks}
    post_id = mars.new(title="T", description=text, **said)
    assert mars.get(post_id)["mt_convert_breaks"] == {"html": "0"}.get(kept, kept)

    mars.edit(post_id, description="Now *b*")

    assert mars.get(post_id)["mt_convert_breaks"] == {"html": "0"}.get(kept, kept)
    assert ("<em>" in post(services, post_id).html) == (kept == "markdown")


def test_a_slug_that_is_taken_becomes_the_next_free_one(mars: App, services: WebServices) -> None:
    made = [
        post(services, mars.new(title="Spring", description="D", **said)) for said in ({}, {}, {"wp_slug": "spring"})
    ]

    assert [one.slug for one in made] == ["spring", "spring-2", "spring-3"]


def test_a_wanted_slug_is_spelled_as_one_can_be(mars: App, services: WebServices) -> None:
    assert post(services, mars.new(title="T", wp_slug="Spring is here!")).slug == "spring-is-here"
    assert post(services, mars.new(title="T", wp_slug="???")).slug == "t"


def test_nothing_at_all_is_no_post(mars: App) -> None:
    with pytest.raises(Fault) as refused:
        mars.new(title="", description=" \n")

    assert code(refused) == 400


@pytest.mark.one_database
def test_an_edit_does_not_leave_nothing_for_readers(mars: App, services: WebServices) -> None:
    post_id = mars.new(title="T", description="D", mt_keywords="tag")
    before = post(services, post_id)

    with pytest.raises(Fault) as refused:
        mars.edit(post_id, title=" ", description="\n")

    assert (code(refused), post(services, post_id)) == (400, before)


def test_an_enclosure_is_kept_and_comes_back(mars: App) -> None:
    file = {"url": "https://h.example/a.mp3", "length": 7, "type": "audio/mpeg"}

    post_id = mars.new(title="T", description="D", enclosure=file)

    assert mars.get(post_id)["enclosure"] == file


# --- edits ---


def test_members_that_are_missing_change_nothing(mars: App, services: WebServices, client: FlaskClient) -> None:
    post_id = mars.new(
        title="Spring",
        description="Before",
        mt_text_more="After",
        mt_excerpt="Short",
        categories=["Birds"],
        mt_allow_comments=0,
        mt_allow_pings=2,
    )
    before = post(services, post_id)

    mars.edit(post_id, title="Summer")

    after = mars.get(post_id)
    assert (after["title"], after["description"], after["mt_text_more"]) == ("Summer", "Before", "After")
    assert (after["mt_excerpt"], after["categories"], after["post_status"]) == ("Short", ["Birds"], "publish")
    assert (after["mt_allow_comments"], after["mt_allow_pings"], after["wp_slug"]) == (0, 0, "spring")
    assert post(services, post_id).published_at == before.published_at


def test_each_part_of_a_text_with_a_fold_changes_alone(mars: App) -> None:
    post_id = mars.new(title="T", description="Before", mt_text_more="After")

    mars.edit(post_id, description="Earlier")
    assert (mars.get(post_id)["description"], mars.get(post_id)["mt_text_more"]) == ("Earlier", "After")

    mars.edit(post_id, mt_text_more="")
    assert (mars.get(post_id)["description"], mars.get(post_id)["mt_text_more"]) == ("Earlier", "")

    mars.edit(post_id, description="One\n<!--more-->\nTwo")
    assert (mars.get(post_id)["description"], mars.get(post_id)["mt_text_more"]) == ("One", "Two")


CODE = "Write this:\n\n```html\n<p>a</p><!--more--><p>b</p>\n```\n"
WORDS = "one <!--more Read on--> two"
INDENTED = "one  \n\n\n\t<!-- more -->\n \n\n    code\n"
OPEN_ENDED = "one\n<!--more-->\n"


@pytest.mark.one_database
@pytest.mark.parametrize("text", [CODE, WORDS, INDENTED, OPEN_ENDED, "<!--more-->two"], ids=repr)
def test_the_fold_and_what_stands_around_it_stay_as_they_are_written(mars: App, text: str) -> None:
    post_id = mars.new(title="T", description=text)
    assert mars("wp.getPost", "1", ME, post_id)["post_content"] == text
    found = mars.get(post_id)
    before, after = found["description"], found["mt_text_more"]

    mars.edit(post_id, description=f"X{before}", mt_text_more=after)
    assert mars("wp.getPost", "1", ME, post_id)["post_content"] == f"X{text}"

    mars.edit(post_id, description=before)
    assert mars("wp.getPost", "1", ME, post_id)["post_content"] == text

    mars.edit(post_id, mt_text_more=f"{after}X")
    assert mars("wp.getPost", "1", ME, post_id)["post_content"] == f"{text}X"


@pytest.mark.one_database
@pytest.mark.parametrize(("text", "parts"), [(WORDS, ("one", "two")), (INDENTED, ("one", "    code\n"))], ids=repr)
def test_apps_see_the_parts_without_blanks_between_but_as_indented(
    mars: App, text: str, parts: tuple[str, str]
) -> None:
    found = mars.get(mars.new(title="T", description=text))

    assert (found["description"], found["mt_text_more"]) == parts


@pytest.mark.one_database
def test_the_words_of_a_fold_change_with_a_whole_text(mars: App) -> None:
    post_id = mars.new(title="T", description=WORDS)

    for whole in ("one <!--more Go on--> two", "one\n\n<!--more-->\n\ntwo", "one two"):
        mars("wp.editPost", "1", ME, post_id, {"post_content": whole})
        assert mars("wp.getPost", "1", ME, post_id)["post_content"] == whole

    mars.edit(post_id, description=WORDS, mt_text_more="")
    assert mars("wp.getPost", "1", ME, post_id)["post_content"] == WORDS


@pytest.mark.one_database
def test_a_text_that_begins_with_its_fold_is_no_html(mars: App) -> None:
    for said in ({"mt_text_more": "*a*"}, {"description": "<!--more-->*a*"}):
        assert mars.get(mars.new(title="T", **said))["mt_convert_breaks"] == "markdown"


def test_what_comes_back_as_it_was_changes_nothing(
    mars: App, services: WebServices, publish: Publish, clock: Clock
) -> None:
    made = publish(
        "'A: title'", body="Before\n\n<!--more-->\n\nAfter\n", tags="[a, 'b, c']", summary="Short", odd="kept"
    )
    clock.move(hours=1)

    mars.edit(str(made.id), publish=True, **mars.get(str(made.id)))

    assert post(services, str(made.id)) == made


def test_an_edit_leaves_the_other_lines_of_the_document_alone(
    mars: App, services: WebServices, publish: Publish
) -> None:
    made = publish("T", body="Text\n", odd="kept  # with its comment", date="2026-01-01")

    mars.edit(str(made.id), title="New")

    assert post(services, str(made.id)).source == made.source.replace("title: T", 'title: "New"')


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        ({}, ["a", "b"]),
        ({"categories": ["c"]}, ["c"]),
        ({"categories": []}, []),
        ({"mt_keywords": "c, d"}, ["a", "b", "c", "d"]),
        ({"mt_keywords": ["c", "A"]}, ["a", "b", "c"]),
        ({"mt_keywords": ""}, ["a", "b"]),
        ({"categories": ["b"], "mt_keywords": "c"}, ["b", "c"]),
        ({"categories": ["R&D", "x, y"]}, ["R&D", "x, y"]),
    ],
)
def test_tags_are_the_categories_that_are_sent_and_keywords_beside_them(
    mars: App, said: dict[str, object], tags: list[str]
) -> None:
    post_id = mars.new(title="T", categories=["a", "b"])

    mars.edit(post_id, **said)

    assert (mars.get(post_id)["categories"], mars.get(post_id)["mt_keywords"]) == (tags, "")


def test_another_slug_renames_and_the_old_address_leads_there(mars: App, client: FlaskClient) -> None:
    post_id = mars.new(title="Spring", description="D")
    mars.new(title="Taken", description="D")

    mars.edit(post_id, wp_slug="summer")
    assert client.get("/posts/spring").location.endswith("/posts/summer")

    mars.edit(post_id, wp_slug="taken")
    assert mars.get(post_id)["wp_slug"] == "taken-2"

    mars.edit(post_id, wp_slug="spring")
    assert mars.get(post_id)["wp_slug"] == "spring"


@pytest.mark.one_database
def test_a_slug_that_an_app_sends_again_at_every_save_renames_nothing(mars: App) -> None:
    mars.new(title="Again", wp_slug="again")
    post_id = mars.new(title="Again", wp_slug="again")
    assert mars.get(post_id)["wp_slug"] == "again-2"

    for _ in range(2):
        mars.edit(post_id, description="More", wp_slug="again")
        mars("wp.editPost", "1", ME, post_id, {"post_name": "again"})
        assert mars.get(post_id)["wp_slug"] == "again-2"

    mars.edit(post_id, wp_slug="again-7")
    mars.edit(post_id, wp_slug="again")
    assert mars.get(post_id)["wp_slug"] == "again-7"


@pytest.mark.one_database
def test_a_post_gets_a_numbered_slug_back_that_it_had(mars: App) -> None:
    mars.new(title="Again")
    post_id = mars.new(title="Again")
    mars.new(title="Again")

    mars.edit(post_id, wp_slug="another")
    mars.edit(post_id, wp_slug="again")
    assert mars.get(post_id)["wp_slug"] == "again-2"


@pytest.mark.parametrize(
    "said", [{"publish": False}, {"post_status": "draft"}, {"publish": True, "post_status": "pending"}]
)
def test_a_public_post_is_not_withheld_and_nothing_of_the_edit_is_applied(
    mars: App, services: WebServices, said: dict[str, object]
) -> None:
    post_id = mars.new(title="T", description="D")
    before = post(services, post_id)

    with pytest.raises(Fault) as refused:
        mars.edit(post_id, title="New", wp_slug="new", **said)

    assert (code(refused), post(services, post_id)) == (409, before)
    assert "public" in refused.value.faultString


def test_a_public_post_is_not_scheduled_again(mars: App, services: WebServices) -> None:
    post_id = mars.new(title="T", description="D")

    with pytest.raises(Fault) as refused:
        mars.edit(post_id, dateCreated=DateTime("20310101T00:00:00"))

    assert code(refused) == 409


LATER = {"dateCreated": DateTime("20310101T00:00:00")}
TO_COME = [DateTime("20200101T00:00:00"), DateTime("20301231T00:00:00")]


@pytest.mark.one_database
@pytest.mark.parametrize("earlier", TO_COME, ids=str)
def test_to_be_seen_sooner_than_it_would_be_a_post_needs_the_scope_to_publish(
    mars: App, make_app: MakeApp, services: WebServices, earlier: DateTime
) -> None:
    drafting, publishing = make_app("draft", "update"), make_app("create", "update")
    post_id = mars.new(title="T", **LATER)
    before = post(services, post_id)

    for deed in (
        lambda: drafting.edit(post_id, True, title="New", dateCreated=earlier),
        lambda: drafting("wp.editPost", "1", ME, post_id, {"post_date": earlier, "post_status": "publish"}),
    ):
        with pytest.raises(Fault) as refused:
            deed()
        assert code(refused) == 401
        assert post(services, post_id) == before

    publishing.edit(post_id, dateCreated=earlier)
    assert post(services, post_id).published_at < before.published_at


@pytest.mark.one_database
def test_a_post_to_come_is_edited_and_put_off_without_that_scope_and_a_draft_dated(
    mars: App, make_app: MakeApp, services: WebServices
) -> None:
    drafting = make_app("draft", "update")
    to_come, draft = mars.new(title="T", **LATER), mars.new(title="U", publish=False)
    public = mars.new(title="V", dateCreated=DateTime("20210101T00:00:00"))

    drafting.edit(to_come, True, **{**mars.get(to_come), "title": "New"})
    assert drafting("mt.publishPost", to_come, ME) == int(to_come)
    drafting.edit(to_come, dateCreated=DateTime("20320101T00:00:00"))
    for one in (draft, public):
        drafting.edit(one, dateCreated=DateTime("20200101T00:00:00"))

    assert [post(services, one).published_at.year for one in (to_come, draft, public)] == [2032, 2020, 2020]
    assert [post(services, one).status(services.clock()) for one in (to_come, draft, public)] == [
        "scheduled",
        "draft",
        "published",
    ]


def test_a_scheduled_post_may_become_a_draft(mars: App, services: WebServices) -> None:
    post_id = mars.new(title="T", description="D", dateCreated=DateTime("20310101T00:00:00"))

    mars.edit(post_id, publish=False)

    assert post(services, post_id).state == "draft"


def test_an_edit_without_a_word_of_the_state_keeps_it(mars: App, services: WebServices) -> None:
    draft, public = mars.new(title="T", description="D", publish=None), mars.new(title="U", description="D")

    mars.edit(draft, title="V")
    mars.edit(public, title="W")

    assert (post(services, draft).state, post(services, public).state) == ("draft", "published")


def test_a_draft_that_is_published_later_is_dated_then_though_the_app_sends_its_first_date(
    mars: App, services: WebServices, clock: Clock
) -> None:
    post_id = mars.new(title="T", description="D", publish=False)
    clock.move(days=3)

    mars.edit(post_id, publish=True, **mars.get(post_id) | {"post_status": "publish"})

    assert post(services, post_id).published_at == clock()


@pytest.mark.parametrize("post_id", ["", "x", "0", "-1", "99", "9" * 40, 7])
def test_an_id_that_no_post_has_is_404(mars: App, post_id: object) -> None:
    with pytest.raises(Fault) as refused:
        mars("metaWeblog.getPost", post_id, ME)

    assert (code(refused), refused.value.faultString) == (404, "Invalid post ID.")


def test_ids_are_texts_and_may_be_sent_as_numbers(mars: App) -> None:
    post_id = mars.new(title="T", description="D")

    assert mars("metaWeblog.getPost", int(post_id), ME)["postid"] == post_id


@pytest.mark.parametrize("method", ["blogger.deletePost", "metaWeblog.deletePost", "wp.deletePost"])
def test_a_deleted_post_is_in_the_bin_and_404_for_apps(
    mars: App, services: WebServices, client: FlaskClient, method: str
) -> None:
    post_id = mars.new(title="T", description="D")

    assert mars(method, *(["1", ME, post_id] if method.startswith("wp") else ["key", post_id, ME, True])) is True

    assert client.get("/posts/t").status_code == 410
    assert mars("metaWeblog.getRecentPosts", "1", ME) == []
    with pytest.raises(Fault) as refused:
        mars.edit(post_id, title="New")
    assert code(refused) == 404
    assert services.publisher.restore("t").title == "T"


def test_two_apps_that_edit_at_once_both_get_what_they_said(make_app: MakeApp, services: WebServices) -> None:
    mars, olw = make_app(), make_app()
    post_id = mars.new(title="T", description="D")

    mars.edit(post_id, title="From one")
    olw.edit(post_id, description="From another")

    found = mars.get(post_id)
    assert (found["title"], found["description"]) == ("From one", "From another")


@pytest.mark.one_database
def test_changes_of_others_that_never_end_are_told(
    mars: App, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_id, amend, numbers = mars.new(title="T", description="D"), Publisher.amend, count(1)

    def amend_late(self: Publisher, *args: Any, **options: Any) -> object:
        amend(self, "t", {}, f"Words {next(numbers)} of another", services.clock(), Writer("mara", "desk"))
        return amend(self, *args, **options)

    monkeypatch.setattr(Publisher, "amend", amend_late)

    with pytest.raises(Fault, match="Somebody else is changing this post") as refused:
        mars.edit(post_id, title="Mine")

    assert code(refused) == 409
    assert mars.get(post_id)["title"] == "T"


def test_a_page_that_is_no_post_is_none_for_apps(mars: App, publish: Publish) -> None:
    page = publish("About", page="true")

    with pytest.raises(Fault) as refused:
        mars.get(str(page.id))
    assert code(refused) == 404
    assert mars("metaWeblog.getRecentPosts", "1", ME, 100) == []


def test_an_answer_has_no_further_posts_once_it_is_long(
    mars: App, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        publish(f"Post {number}", body="word " * 200)
    monkeypatch.setattr(post_methods, "_AT_ONCE", 1)

    assert len(mars("metaWeblog.getRecentPosts", "1", ME, 100)) == 5
    monkeypatch.setattr(post_methods, "_MOST_TEXT", 2500)
    assert [one["title"] for one in mars("metaWeblog.getRecentPosts", "1", ME, 100)] == ["Post 4", "Post 3", "Post 2"]


# --- Blogger ---


def test_bloggers_title_and_tags_stand_at_the_start_of_the_text(mars: App) -> None:
    content = "<title>Larks & co</title>\n<category>birds, spring</category>Words"
    post_id = mars("blogger.newPost", "key", "1", ME, content, True)

    found = mars.get(post_id)
    assert (found["title"], found["categories"], found["description"]) == ("Larks & co", ["birds", "spring"], "Words")

    mars("blogger.editPost", "key", post_id, ME, "Other words", True)
    again = mars("blogger.getPost", "key", post_id, ME)
    assert again["content"] == "<title>Larks & co</title><category>birds,spring</category>Other words"
    assert mars("blogger.getRecentPosts", "key", "1", ME, 5) == [again]


def test_bloggers_categories_are_numbers_or_names(mars: App, services: WebServices) -> None:
    birds = mars("wp.newCategory", "1", ME, {"name": "Birds"})
    content = f"<category>{birds}, larks,4711</category>Words"

    post_id = mars("blogger.newPost", "key", "1", ME, content, True)
    assert post(services, post_id).tags == ("Birds", "larks", "4711")

    mars("blogger.editPost", "key", post_id, ME, f"<category>larks,{birds}</category>Words", True)
    assert post(services, post_id).tags == ("larks", "Birds")


TAGS = ["two, three", "7", "Ünd", "four"]


@pytest.mark.one_database
@pytest.mark.parametrize("door", ["blogger", "metaWeblog", "wp"])
def test_a_tag_with_a_comma_survives_reading_and_writing_at_each_door(
    mars: App, services: WebServices, door: str
) -> None:
    assert [mars("wp.newCategory", "1", ME, {"name": f"tag {number}"}) for number in range(7)][-1] == 7
    post_id = mars.new(title="A", description="Words", categories=TAGS)
    before = post(services, post_id)

    if door == "blogger":
        content = mars("blogger.getPost", "key", post_id, ME)["content"]
        mars("blogger.editPost", "key", post_id, ME, content, True)
    elif door == "metaWeblog":
        mars.edit(post_id, **mars.get(post_id))
    else:
        terms = mars("wp.getPost", "1", ME, post_id)["terms"]
        mars("wp.editPost", "1", ME, post_id, {"terms": {"category": [term["term_id"] for term in terms]}})
        mars("wp.editPost", "1", ME, post_id, {"terms_names": {"category": [term["name"] for term in terms]}})

    assert post(services, post_id).tags == tuple(TAGS)
    assert post(services, post_id).revision == before.revision


def test_another_first_enclosure_leaves_those_that_apps_do_not_see(
    mars: App, services: WebServices, publish: Publish
) -> None:
    files = [{"url": f"http://files.example/{name}", "type": "audio/mpeg", "length": 5} for name in ("a", "b", "c")]
    made = publish("A", enclosures=str(files))

    mars.edit(str(made.id), enclosure={"url": "http://files.example/d", "type": "audio/ogg", "length": 6})

    changed = post(services, str(made.id)).enclosures
    assert [(one.url[-1], one.type, one.length) for one in changed] == [
        ("d", "audio/ogg", 6),
        ("b", "audio/mpeg", 5),
        ("c", "audio/mpeg", 5),
    ]


# --- Movable Type ---


@pytest.mark.one_database
@pytest.mark.parametrize(
    "wrong",
    ["", "1", {}, [1], [{"categoryId": "x"}], [{}], [{"categoryId": 4711}], [{"categoryId": str(10**19)}]],
    ids=str,
)
def test_categories_that_mean_nothing_are_refused_and_the_tags_stay(mars: App, wrong: object) -> None:
    post_id = mars.new(title="T", categories=["Birds"])

    with pytest.raises(Fault) as refused:
        mars("mt.setPostCategories", post_id, ME, wrong)

    assert code(refused) == 400
    assert mars.get(post_id)["categories"] == ["Birds"]


def test_categories_that_are_nil_change_nothing_and_none_are_none(mars: App, services: WebServices) -> None:
    post_id = mars.new(title="T", categories=["Birds"])

    assert mars("mt.setPostCategories", post_id, ME, None) is True
    assert (post(services, post_id).tags, post(services, post_id).revision) == (("Birds",), 1)

    assert mars("mt.setPostCategories", post_id, ME, []) is True
    assert post(services, post_id).tags == ()


def test_open_live_writers_three_steps_draft_categories_publish(mars: App, services: WebServices) -> None:
    post_id = mars.new(title="T", description="D", publish=False)
    number = mars("wp.newCategory", "1", ME, {"name": "New ones"})
    assert {"categoryId": number, "categoryName": "New ones"} in mars("mt.getCategoryList", "1", ME)

    assert mars("mt.setPostCategories", post_id, ME, [{"categoryId": str(number), "isPrimary": True}]) is True
    assert mars("mt.publishPost", post_id, ME) == int(post_id)

    assert (post(services, post_id).tags, post(services, post_id).state) == (("New ones",), "published")
    assert mars("mt.getPostCategories", post_id, ME) == [
        {"categoryName": "New ones", "categoryId": str(number), "isPrimary": True}
    ]


# --- scopes ---


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (("create",), ("draft", "publish", "media")),
        (("draft",), ("draft",)),
        (("update",), ("edit",)),
        (("update", "create"), ("draft", "publish", "edit", "publish later", "media")),
        (("delete",), ("delete",)),
        (("media",), ("media",)),
    ],
    ids=" ".join,
)
def test_each_deed_needs_its_scope(
    make_app: MakeApp, publish: Publish, scopes: tuple[str, ...], allowed: tuple[str, ...]
) -> None:
    app = make_app(*scopes)
    public, draft, gone = (str(publish(title, draft=str(title == "Draft")).id) for title in ("Public", "Draft", "Gone"))
    file = {"name": "a.txt", "type": "text/plain", "bits": b"words"}
    deeds: dict[str, Callable[[], object]] = {
        "draft": lambda: app.new(title="A", publish=False),
        "publish": lambda: app.new(title="B"),
        "edit": lambda: app.edit(public, title="C"),
        "publish later": lambda: app.edit(draft, publish=True),
        "delete": lambda: app("blogger.deletePost", "", gone, ME, True),
        "media": lambda: app("metaWeblog.newMediaObject", "1", ME, file),
    }

    for name, deed in deeds.items():
        if name in allowed:
            deed()
            continue
        with pytest.raises(Fault) as refused:
            deed()
        assert code(refused) == 401, name
