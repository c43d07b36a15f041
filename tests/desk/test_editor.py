"""The editor: what buttons do, and that no text is lost whatever is refused."""

import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse, stream_encode_multipart

from feedserver.app import create_app
from feedserver.errors import MediaStoreError
from feedserver.posts import revisions, store
from feedserver.posts.model import CLI, Post, Writer
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.desk.conftest import PASSWORD, filled, form, signed_in
from tests.support.fixtures import Assemble, Publish
from tests.support.media_files import encoded, quarters
from tests.support.outside import Clock

NEW = "/desk/posts/new"
TEXT = '\n  Zwei\n\n"Wörter" & <b>1</b>, \U0001f980  \n\n'


def new_form(ann: FlaskClient) -> MultiDict[str, str]:
    return form(ann.get(NEW), NEW).fields


def edit_form(ann: FlaskClient, slug: str) -> MultiDict[str, str]:
    return form(ann.get(f"/desk/posts/{slug}/edit"), f"/{slug}/edit").fields


def send(ann: FlaskClient, path: str, fields: MultiDict[str, str], do: str, /, **typed: str) -> TestResponse:
    sent = filled(fields, {**typed, "do": do})
    for name in [name for name, value in sent.items() if name == "file" and not value]:
        del sent[name]
    return ann.post(path, data={name: value.replace("\n", "\r\n") for name, value in sent.items()})


def edit(ann: FlaskClient, at: str, do: str, /, **typed: str) -> TestResponse:
    return send(ann, f"/desk/posts/{at}/edit", edit_form(ann, at), do, **typed)


def stored(services: WebServices, slug: str) -> Post | None:
    with services.database.read() as connection:
        return store.by_slug(connection, slug)


def numbers(services: WebServices, slug: str) -> list[int]:
    post = stored(services, slug)
    assert post is not None
    with services.database.read() as connection:
        return [one.number for one in revisions.history(connection, post.id)]


def shown_text(answer: TestResponse, path: str) -> str:
    """The text that stands in the form of a page."""
    return form(answer, path).fields["body"]


# --- what buttons do ---


def test_a_new_post_is_published_with_its_fields(ann: FlaskClient, services: WebServices) -> None:
    answer = send(
        ann,
        NEW,
        new_form(ann),
        "publish",
        title="Bees: a start",
        body=TEXT,
        tags='sea, "rock, paper"',
        summary="Short.",
        lang="de",
        comments="closed",
        tell="false",
    )

    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "http://blog.example/desk/posts/bees-a-start/edit?done=published",
    )
    post = stored(services, "bees-a-start")
    assert post is not None
    assert (post.title, post.tags, post.summary, post.lang) == ("Bees: a start", ("sea", "rock, paper"), "Short.", "de")
    assert (post.pings_open, post.comments_open, post.tells, post.state) == (True, False, False, "published")
    assert post.source.endswith(f"---\n{TEXT}"), "blanks stay, line ends are LF"
    with services.database.read() as connection:
        (first,) = revisions.history(connection, post.id)
    assert (first.by, first.via) == ("ann", "desk")


def test_a_draft_is_saved_scheduled_published_withdrawn_and_deleted(
    ann: FlaskClient, services: WebServices, client: FlaskClient, clock: Clock
) -> None:
    send(ann, NEW, new_form(ann), "draft", title="A post", body="Words")
    assert client.get("/posts/a-post").status_code == 404

    late = edit(ann, "a-post", "schedule", date="2020-01-01T10:00")
    assert late.status_code == 422
    soon = (clock() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    assert edit(ann, "a-post", "schedule", date=soon).headers["Location"].endswith("?done=scheduled")
    assert client.get("/posts/a-post").status_code == 404
    clock.move(hours=2)
    assert client.get("/posts/a-post").status_code == 200
    assert edit(ann, "a-post", "update", title="Another").headers["Location"].endswith("?done=updated")
    assert "Another" in client.get("/posts/a-post").text
    edit(ann, "a-post", "withdraw")
    assert client.get("/posts/a-post").status_code == 410
    edit(ann, "a-post", "publish")
    assert client.get("/posts/a-post").status_code == 200
    assert edit(ann, "a-post", "delete", body="Last words").headers["Location"].endswith("/desk/posts?done=deleted")
    assert client.get("/posts/a-post").status_code == 410

    restored = ann.post("/desk/bin", data=filled(form(ann.get("/desk/bin"), "/desk/bin").fields, {"slug": "a-post"}))

    assert restored.status_code == 303
    assert "Last words" in client.get("/posts/a-post").text


def test_a_public_post_is_not_taken_away_but_by_withdrawing_it(
    ann: FlaskClient, services: WebServices, client: FlaskClient, clock: Clock
) -> None:
    fields = new_form(ann)
    send(ann, NEW, fields, "publish", title="A post", body="Words")
    to_come = (clock() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")

    answers = [
        edit(ann, "a-post", "update", date=to_come, body=TEXT),
        edit(ann, "a-post", "schedule", date=to_come, body=TEXT),
        send(ann, NEW, fields, "draft", title="A post", body=TEXT),
    ]

    for answer in answers:
        assert (answer.status_code, shown_text(answer, "/a-post/edit")) == (409, TEXT)
        assert "This post is public" in answer.text
    assert form(answers[0], "/a-post/edit").fields["date"] == to_come
    assert (client.get("/posts/a-post").status_code, numbers(services, "a-post")) == (200, [1])
    assert edit(ann, "a-post", "update", date="2020-01-01T10:00").status_code == 303
    assert edit(ann, "a-post", "withdraw", date=to_come).status_code == 303
    assert edit(ann, "a-post", "update", date="").status_code == 303, "what is withdrawn may be scheduled, or not"


def test_a_withdrawn_post_is_public_again_under_the_date_that_it_had(
    ann: FlaskClient, services: WebServices, publish: Publish, clock: Clock
) -> None:
    first = publish("A post", slug="p")
    clock.move(days=3)
    edit(ann, "p", "withdraw")
    clock.move(days=3)
    edit(ann, "p", "draft", body="Better words.")
    clock.move(seconds=1)

    edit(ann, "p", "publish")

    again = stored(services, "p")
    assert again is not None
    assert (again.published_at, again.updated_at) == (first.published_at, clock())


@pytest.mark.parametrize("deed", ["draft", "publish", "schedule"])
def test_of_a_form_with_nothing_in_it_no_post_is_made(
    ann: FlaskClient, services: WebServices, clock: Clock, deed: str
) -> None:
    to_come = (clock() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")

    answer = send(ann, NEW, new_form(ann), deed, body="\n\u200b \n", date=to_come, tags="sea", slug="p")

    assert (answer.status_code, form(answer, NEW).fields["tags"]) == (400, "sea")
    assert "There is nothing in this post yet" in answer.text
    assert stored(services, "p") is None


def test_a_public_post_is_not_emptied(ann: FlaskClient, services: WebServices, publish: Publish) -> None:
    publish("A post", slug="p")
    publish("", "", slug="liked", like_of="https://other.example/")

    assert edit(ann, "p", "update", title="", body="").status_code == 400
    assert edit(ann, "p", "update", body="").status_code == 303, "a title alone is something"
    assert edit(ann, "liked", "update", tags="sea").status_code == 303, "so is a page that it is about"
    assert edit(ann, "p", "delete", title="", body="").status_code == 303


def test_the_editor_of_a_page_has_only_what_pages_have_and_leaves_the_rest_as_it_is(
    ann: FlaskClient, services: WebServices, publish: Publish
) -> None:
    page = publish("About", slug="about", page="true", tags="[sea]", comments="closed")

    fields = edit_form(ann, "about")
    edit(ann, "about", "update", menu="About us")

    assert not {"tags", "authors", "comments", "pings", "tell"} & set(fields)
    assert "menu" not in new_form(ann)
    saved = stored(services, "about")
    assert saved is not None
    assert saved.menu == "About us"
    assert saved.source.replace('menu: "About us"\n', "") == page.source


def test_a_post_without_title_gets_an_address_of_its_words(ann: FlaskClient, services: WebServices) -> None:
    send(ann, NEW, new_form(ann), "publish", body="Bees fly.")
    send(ann, NEW, new_form(ann), "publish", body="Bees fly.")

    assert [bool(stored(services, slug)) for slug in ("bees-fly", "bees-fly-2")] == [True, True]


def test_what_the_editor_does_not_show_stays_byte_for_byte(
    ann: FlaskClient, services: WebServices, publish: Publish
) -> None:
    post = publish("A post", slug="p", mood="calm  # of the sea", date="2026-01-01 10:00", enclosures="[]")

    edit(ann, "p", "update", title="Another")

    changed = stored(services, "p")
    assert changed is not None
    assert changed.source == post.source.replace("title: A post", 'title: "Another"')
    assert changed.published_at == post.published_at


def test_a_save_without_a_change_changes_nothing(
    ann: FlaskClient, services: WebServices, publish: Publish, clock: Clock
) -> None:
    post = publish("A post", TEXT, slug="p", tags="[a, 'b, c']", date="2026-01-01 10:00:07", summary="  S ")
    clock.move(hours=1)

    assert edit(ann, "p", "update").status_code == 303

    assert stored(services, "p") == post
    assert numbers(services, "p") == [1]


def test_renaming_keeps_what_is_typed_and_not_saved(
    ann: FlaskClient, client: FlaskClient, services: WebServices, publish: Publish
) -> None:
    publish("A post", slug="p")

    answer = edit(ann, "p", "rename", slug="q", body=TEXT)

    assert answer.status_code == 200
    assert shown_text(answer, "/q/edit") == TEXT
    assert client.get("/posts/p").headers["Location"] == "http://blog.example/posts/q"
    assert numbers(services, "q") == [1]
    assert edit(ann, "q", "rename", slug="r").status_code == 303
    assert edit(ann, "r", "update", slug="s", body="Both.").headers["Location"].endswith("/s/edit?done=updated")


# --- no text is ever lost ---


def test_the_same_form_twice_is_one_post_and_with_another_text_an_edit_of_it(
    ann: FlaskClient, services: WebServices
) -> None:
    fields = new_form(ann)

    places = [send(ann, NEW, fields, "publish", title="One", body=body).headers["Location"] for body in "AABC"]

    assert {place.partition("?")[0] for place in places} == {"http://blog.example/desk/posts/one/edit"}
    assert numbers(services, "one") == [3, 2, 1]
    post = stored(services, "one")
    assert post is not None
    assert post.source.endswith("C")
    assert stored(services, "one-2") is None


def test_a_browser_that_goes_back_gets_the_same_form_again(ann: FlaskClient) -> None:
    led = ann.get(NEW, headers={"Sec-Fetch-Dest": "document"})
    path = led.headers["Location"].removeprefix("http://blog.example")
    again = [form(ann.get(path), NEW).fields["submission"] for _ in range(2)]

    assert led.status_code == 303
    assert again[0] == again[1]
    assert new_form(ann)["submission"] != new_form(ann)["submission"]


@pytest.mark.parametrize("writer", [Writer("bo", "desk"), Writer("ann", "desk"), CLI], ids=["bo", "ann", "a program"])
@pytest.mark.parametrize("body", ["A", "Mine."], ids=["with the same text", "with another"])
def test_the_same_form_over_what_was_changed_since_is_a_conflict_whoever_has_done_so(
    ann: FlaskClient, services: WebServices, clock: Clock, writer: Writer, body: str
) -> None:
    fields = new_form(ann)
    for saved in "BA":
        send(ann, NEW, fields, "publish", title="One", body=saved)
    services.publisher.amend("one", {}, "Longer since.", clock(), writer)

    answer = send(ann, NEW, fields, "publish", title="One", body=body)

    assert answer.status_code == 409
    assert ("Longer since." in answer.text, shown_text(answer, "/one/edit")) == (True, body)
    assert numbers(services, "one") == [3, 2, 1]
    once_more = form(answer, "/one/edit").fields
    assert send(ann, "/desk/posts/one/edit", once_more, "update").status_code == 303
    assert send(ann, NEW, fields, "publish", title="One", body="Later.").status_code == 409
    assert numbers(services, "one") == [4, 3, 2, 1]


def test_the_same_form_over_its_own_text_that_others_have_brought_back_changes_nothing(
    ann: FlaskClient, services: WebServices
) -> None:
    fields = new_form(ann)
    send(ann, NEW, fields, "publish", title="One", body="A")
    for body in "BA":
        edit(ann, "one", "update", body=body)

    answers = [send(ann, NEW, fields, "publish", title="One", body=body).status_code for body in "AC"]

    assert answers == [303, 409]
    assert numbers(services, "one") == [3, 2, 1]


def test_in_two_tabs_both_texts_are_shown_and_mine_is_saved_when_it_is_sent_once_more(
    ann: FlaskClient, services: WebServices, publish: Publish, clock: Clock
) -> None:
    publish("A post", slug="p")
    mine = edit_form(ann, "p")
    edit(ann, "p", "update", body="Theirs.", title="Their title")

    answer = send(ann, "/desk/posts/p/edit", mine, "update", body=TEXT)

    assert answer.status_code == 409
    assert "Theirs." in answer.text
    assert "Their title" in answer.text
    again = form(answer, "/p/edit")
    assert again.fields["body"] == TEXT
    assert numbers(services, "p") == [2, 1]
    assert send(ann, "/desk/posts/p/edit", again.fields, "update", body=TEXT).status_code == 303
    post = stored(services, "p")
    assert post is not None
    assert (post.title, post.source.endswith(TEXT), numbers(services, "p")) == ("A post", True, [3, 2, 1])


def test_the_same_edit_sent_twice_is_one(ann: FlaskClient, services: WebServices, publish: Publish) -> None:
    publish("A post", slug="p")
    fields = edit_form(ann, "p")

    answers = [send(ann, "/desk/posts/p/edit", fields, "update", body="Mine.") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert numbers(services, "p") == [2, 1]


def test_a_taken_slug_leaves_the_form_filled(ann: FlaskClient, services: WebServices, publish: Publish) -> None:
    publish("A post", slug="taken")
    publish("Mine", slug="mine")

    new = send(ann, NEW, new_form(ann), "publish", title="T", slug="taken", body=TEXT)
    edited = edit(ann, "mine", "update", slug="taken", body=TEXT)
    renamed = edit(ann, "mine", "rename", slug="taken", body=TEXT)

    assert [answer.status_code for answer in (new, edited, renamed)] == [409, 409, 409]
    assert [shown_text(new, NEW), shown_text(edited, "/mine/edit"), shown_text(renamed, "/mine/edit")] == [TEXT] * 3
    assert numbers(services, "mine") == [1]


@pytest.mark.parametrize(
    "typed",
    [{"date": "05/06/2024"}, {"lang": "no language"}, {"slug": "a b/c"}, {"tags": "t" * 300}, {"title": "t" * 10_001}],
    ids=["a date that means two", "no language", "no slug", "too long a tag", "too long a title"],
)
def test_what_cannot_be_leaves_the_form_filled(ann: FlaskClient, typed: dict[str, str]) -> None:
    answer = send(ann, NEW, new_form(ann), "publish", **{"title": "T", "body": TEXT, **typed})

    assert answer.status_code == 422
    assert shown_text(answer, NEW) == TEXT
    ((name, value),) = typed.items()
    assert form(answer, NEW).fields[name] == value


@pytest.mark.one_database
def test_over_a_mebibyte_the_text_is_kept_in_the_form(ann: FlaskClient, publish: Publish) -> None:
    publish("A post", slug="p")
    text = "word " * 300_000

    for answer, path in (
        (send(ann, NEW, new_form(ann), "publish", title="T", body=text), NEW),
        (edit(ann, "p", "update", body=text), "/p/edit"),
    ):
        assert answer.status_code == 413
        assert shown_text(answer, path) == text


@pytest.mark.one_database
@pytest.mark.parametrize("kind", ["with files", "without"])
def test_over_eight_mebibytes_nothing_is_kept(ann: FlaskClient, services: WebServices, kind: str) -> None:
    fields = filled(new_form(ann), {"do": "publish", "title": "T", "body": "word " * 2_000_000})
    if kind == "with files":
        stream, _, boundary = stream_encode_multipart(fields, use_tempfile=False)
        answer = ann.post(NEW, data=stream.read(), content_type=f"multipart/form-data; boundary={boundary}")
    else:
        answer = ann.post(NEW, data=fields)

    assert (answer.status_code, len(answer.data) < 30_000) == (413, True)
    assert stored(services, "t") is None


@pytest.mark.parametrize("path", [NEW, "/desk/posts/p/edit"], ids=["a new post", "an edit"])
def test_a_session_that_has_ended_costs_no_text(
    ann: FlaskClient, services: WebServices, publish: Publish, clock: Clock, path: str
) -> None:
    publish("A post", slug="p")
    fields = new_form(ann) if path == NEW else edit_form(ann, "p")
    clock.move(days=31)

    refused = send(ann, path, fields, "publish", title="Typed", body=TEXT)
    kept = form(refused, "/desk/sign-in").fields
    again = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD}))

    assert (refused.status_code, again.status_code) == (403, 200)
    assert (stored(services, "typed"), numbers(services, "p")) == (None, [1])
    shown = form(again, path.removeprefix("/desk/posts"))
    assert (shown.fields["body"], shown.fields["title"]) == (TEXT, "Typed")
    assert send(ann, path, shown.fields, "update" if path != NEW else "publish").status_code == 303


def test_neither_does_one_of_a_post_whose_address_is_not_of_ascii(
    ann: FlaskClient, publish: Publish, clock: Clock
) -> None:
    publish("A post", slug="straße")
    fields = edit_form(ann, "stra%C3%9Fe")
    clock.move(days=31)
    kept = form(send(ann, "/desk/posts/stra%C3%9Fe/edit", fields, "update", body=TEXT), "/desk/sign-in").fields

    again = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD}))

    assert (again.status_code, shown_text(again, "/edit")) == (200, TEXT)


def test_a_token_of_another_session_costs_no_text(ann: FlaskClient, publish: Publish) -> None:
    publish("A post", slug="p")

    refused = edit(ann, "p", "update", body=TEXT, form_token="old")

    assert refused.status_code == 403
    assert form(refused, "/desk/sign-in").fields["kept-body"].replace("\r\n", "\n") == TEXT


def test_while_the_database_is_away_the_text_stands_in_the_page(
    ann: FlaskClient, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = new_form(ann)
    with monkeypatch.context() as patched:
        patched.setattr(type(services.publisher), "add", fail)
        answer = send(ann, NEW, fields, "publish", title="T", body=TEXT)
    assert answer.status_code == 503
    again = form(answer, NEW)

    assert send(ann, NEW, again.fields, "publish").status_code == 303
    post = stored(services, "t")
    assert post is not None
    assert post.source.endswith(TEXT)


def fail(*_: object, **_more: object) -> None:
    raise OperationalError("", {}, Exception("disk I/O error"))


@pytest.mark.parametrize("step", ["the database", "the store of files"])
def test_while_one_is_away_a_text_with_a_file_is_led_to_its_form_and_not_published_without_it(
    ann: FlaskClient, services: WebServices, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    fields = {**new_form(ann), "do": "publish", "title": "T", "body": TEXT.replace("\n", "\r\n"), "alt": "A roof"}
    with monkeypatch.context() as patched:
        if step == "the database":
            patched.setattr(type(services.publisher), "add", fail)
        else:
            patched.setattr(type(services.library), "add", raise_media_store_error)
        answer = ann.post(NEW, data={**fields, "file": (io.BytesIO(encoded(quarters(), "JPEG")), "roof.jpg")})
    assert (answer.status_code, "Files have to be chosen anew." in answer.text) == (503, True)

    again = ann.post(NEW, data=form(answer, NEW).fields)

    assert (again.status_code, stored(services, "t")) == (200, None)
    shown = form(again, NEW).fields
    assert (shown["body"], shown["title"], shown["alt"]) == (TEXT, "T", "A roof")
    assert send(ann, NEW, shown, "publish").status_code == 303


def raise_media_store_error(*_: object) -> None:
    raise MediaStoreError("the bucket is away")


def test_a_post_that_was_deleted_meanwhile_costs_no_text(
    ann: FlaskClient, services: WebServices, publish: Publish
) -> None:
    publish("A post", slug="p")
    fields = edit_form(ann, "p")
    services.publisher.delete("p")

    answer = send(ann, "/desk/posts/p/edit", fields, "update", body=TEXT)

    assert answer.status_code == 410
    assert shown_text(answer, "/p/edit") == TEXT


# --- preview, pictures ---


def test_a_preview_of_unsaved_text_is_sandboxed_and_stores_nothing(
    ann: FlaskClient, services: WebServices, publish: Publish
) -> None:
    publish("A post", slug="p", tags="[sea]")
    before = services.database.writes

    for answer in (
        send(ann, NEW, new_form(ann), "preview", title="Fresh", body="*Words* <script>alert(1)</script>"),
        edit(ann, "p", "preview", title="Fresh", body="*Words*"),
    ):
        assert answer.status_code == 200
        assert ("Fresh" in answer.text, "<em>Words</em>" in answer.text) == (True, True)
        assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
        assert "<form" not in answer.text
    assert services.database.writes == before
    wrong = send(ann, NEW, new_form(ann), "preview", date="05/06/2024")
    assert (wrong.status_code, "ambiguous" in wrong.text or "date" in wrong.text) == (422, True)


def test_a_preview_of_unsaved_text_shows_its_pictures_and_links_as_its_own_page_would(
    ann: FlaskClient, services: WebServices, publish: Publish
) -> None:
    publish("A post", slug="p")
    publish("A page", slug="about", page="true")
    fields = {**new_form(ann), "do": "picture", "alt": "A roof"}
    added = ann.post(NEW, data={**fields, "file": (io.BytesIO(encoded(quarters(), "JPEG")), "roof.jpg")})
    body = f"{shown_text(added, NEW)}\n\n[another](q)"

    previews = {
        "/posts/q": [send(ann, NEW, new_form(ann), "preview", body=body), edit(ann, "p", "preview", body=body)],
        "/q": [edit(ann, "about", "preview", body=body)],
    }

    for address, answers in previews.items():
        for answer in answers:
            assert f'<a href="{services.urls.at(address)}">another</a>' in answer.text
            assert f'<img src="{services.urls.at("/media/")}' in answer.text


def test_a_picture_that_is_chosen_stands_at_the_end_of_the_text_which_is_not_saved(
    ann: FlaskClient, services: WebServices
) -> None:
    fields = {**new_form(ann), "title": "T", "body": "Words", "do": "picture", "alt": "A roof"}

    answer = ann.post(NEW, data={**fields, "file": (io.BytesIO(encoded(quarters(), "JPEG")), "roof.jpg")})

    assert answer.status_code == 200
    text = shown_text(answer, NEW)
    assert text.startswith("Words\n\n![A roof](/media/")
    assert form(answer, NEW).fields["alt"] == "", "it is that of this file"
    assert stored(services, "t") is None
    send(ann, NEW, form(answer, NEW).fields, "publish")
    post = stored(services, "t")
    assert post is not None
    assert "<img" in post.html
    assert services.publisher.files_of("t")


def test_in_a_text_of_html_pictures_and_files_stand_as_html(
    ann: FlaskClient, services: WebServices, publish: Publish
) -> None:
    publish("A post", "<p>Words</p>", slug="p", format="html")
    assert '<span class="hint">HTML</span>' in ann.get("/desk/posts/p/edit").text
    assert '<span class="hint">Markdown</span>' in ann.get(NEW).text

    fields = {**edit_form(ann, "p"), "do": "picture", "alt": 'A <red> "roof"'}
    shown = ann.post("/desk/posts/p/edit", data={**fields, "file": (io.BytesIO(encoded(quarters(), "JPEG")), "r.jpg")})
    fields = {**form(shown, "/p/edit").fields, "do": "update", "alt": ""}
    ann.post("/desk/posts/p/edit", data={**fields, "file": (io.BytesIO(b"%PDF-1.7"), "a & b.pdf")})

    post = stored(services, "p")
    assert post is not None
    assert "![" not in post.html
    assert re.search(r'<p>Words</p>\s+<p><img src="[^"]+/r.jpg" alt="A &lt;red&gt; &quot;roof&quot;"', post.html)
    assert re.search(r'<p><a href="[^"]+">[^<]+pdf</a></p>', post.html)
    assert len(services.publisher.files_of("p")) == 2


def test_a_file_that_is_refused_leaves_the_form_filled(ann: FlaskClient) -> None:
    fields = {**new_form(ann), "body": TEXT.replace("\n", "\r\n"), "do": "publish", "title": "T", "alt": "A roof"}

    answer = ann.post(NEW, data={**fields, "file": (io.BytesIO(b"<svg/>"), "evil.svg")})

    assert answer.status_code == 422
    assert shown_text(answer, NEW) == TEXT
    assert form(answer, NEW).fields["alt"] == "A roof"


def test_the_words_for_a_file_that_is_still_to_be_chosen_stay_after_a_conflict(
    ann: FlaskClient, services: WebServices, publish: Publish, clock: Clock
) -> None:
    publish("A post", slug="p")
    fields = edit_form(ann, "p")
    services.publisher.amend("p", {}, "Hers", clock(), Writer("bo", "desk"))

    answer = send(ann, "/desk/posts/p/edit", fields, "update", body="Mine", alt="A roof")

    assert (answer.status_code, form(answer, "/p/edit").fields["alt"]) == (409, "A roof")
    assert send(ann, "/desk/posts/p/edit", form(answer, "/p/edit").fields, "update").status_code == 303


# --- what happened meanwhile in another tab ---


def test_the_address_of_a_form_that_has_added_a_post_leads_to_that_post(
    ann: FlaskClient, services: WebServices
) -> None:
    fields = new_form(ann)
    send(ann, NEW, fields, "draft", title="One", body="Words")
    address = f"{NEW}?form={fields['submission']}"

    assert ann.get(address).headers["Location"].endswith("/desk/posts/one/edit")

    services.publisher.delete("one")
    opened = ann.get(address)
    assert opened.status_code == 303
    assert opened.headers["Location"].partition("=")[2] not in ("", fields["submission"])


def erase(services: WebServices, slug: str) -> None:
    services.publisher.delete(slug)
    services.publisher.erase(slug)


def test_a_post_that_was_erased_meanwhile_costs_no_text(
    ann: FlaskClient, services: WebServices, publish: Publish, clock: Clock
) -> None:
    publish("A post", slug="p")
    fresh = new_form(ann)
    send(ann, NEW, fresh, "publish", title="New", slug="q", body="Words")
    fields = edit_form(ann, "p")
    erase(services, "p")
    erase(services, "q")

    for deed in ("update", "draft", "picture", "rename", "delete"):
        answer = send(ann, "/desk/posts/p/edit", fields, deed, body=TEXT)
        assert (answer.status_code, shown_text(answer, "/p/edit")) == (410, TEXT)
    assert send(ann, "/desk/posts/p/edit", fields, "preview", body=TEXT).status_code == 410
    again = send(ann, NEW, fresh, "publish", title="New", slug="q", body=TEXT)
    assert (again.status_code, shown_text(again, "/q/edit")) == (410, TEXT)

    clock.move(days=31)
    kept = form(send(ann, "/desk/posts/p/edit", fields, "update", body=TEXT), "/desk/sign-in").fields
    carried = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD}))
    assert (carried.status_code, shown_text(carried, "/p/edit")) == (410, TEXT)


@pytest.mark.parametrize("deed", ["update", "rename", "picture", "preview"])
def test_a_rename_in_another_tab_stays(ann: FlaskClient, services: WebServices, publish: Publish, deed: str) -> None:
    publish("A post", slug="p")
    fields = edit_form(ann, "p")
    edit(ann, "p", "rename", slug="q")

    answer = send(ann, "/desk/posts/p/edit", fields, deed, body=TEXT)

    assert answer.status_code in (200, 303)
    post = stored(services, "p")
    assert post is not None
    assert post.slug == "q"
    if deed in ("rename", "picture"):
        assert form(answer, "/q/edit").fields["slug"] == "q"


def test_two_renames_of_one_post_are_told_and_the_second_counts_when_it_is_sent_once_more(
    ann: FlaskClient, services: WebServices, publish: Publish
) -> None:
    publish("A post", slug="p")
    fields = edit_form(ann, "p")
    edit(ann, "p", "rename", slug="q")

    for deed in ("rename", "update"):
        answer = send(ann, "/desk/posts/p/edit", fields, deed, slug="r", body=TEXT)
        assert (answer.status_code, shown_text(answer, "/q/edit")) == (409, TEXT)
        assert "was renamed to “q” meanwhile" in answer.text
    assert stored(services, "r") is None

    assert send(ann, "/desk/posts/q/edit", form(answer, "/q/edit").fields, "update").status_code == 303
    post = stored(services, "p")
    assert post is not None
    assert (post.slug, post.source.endswith(TEXT)) == ("r", True)


@pytest.mark.parametrize("slug", ["", "one"], ids=["made from the title", "typed"])
def test_a_new_post_that_is_sent_once_more_keeps_the_address_that_it_was_given_meanwhile(
    ann: FlaskClient, services: WebServices, slug: str
) -> None:
    fields = new_form(ann)
    send(ann, NEW, fields, "publish", title="One", slug=slug, body="A")
    edit(ann, "one", "rename", slug="other")

    assert send(ann, NEW, fields, "publish", title="One", slug=slug, body="B").status_code == 303
    assert send(ann, NEW, fields, "publish", title="One", slug="third", body="C").status_code == 409

    post = stored(services, "one")
    assert post is not None
    assert (post.slug, post.source.endswith("B")) == ("other", True)


def test_a_form_that_was_carried_along_keeps_the_address_that_the_post_was_given_meanwhile(
    ann: FlaskClient, services: WebServices, publish: Publish, clock: Clock
) -> None:
    publish("A post", slug="p")
    fields = edit_form(ann, "p")
    services.publisher.rename("p", "q")
    clock.move(days=31)

    kept = form(send(ann, "/desk/posts/p/edit", fields, "update", body=TEXT), "/desk/sign-in").fields
    carried = ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD}))

    assert form(carried, "/q/edit").fields["slug"] == "q"


def test_a_page_says_whether_the_text_in_it_is_saved(ann: FlaskClient, publish: Publish) -> None:
    publish("A post", slug="p")
    path = "/desk/posts/q/edit"

    for page in (
        edit(ann, "p", "picture", body=TEXT),
        edit(ann, "p", "rename", slug="q", body=TEXT),
        edit(ann, "q", "update", body=TEXT, date="05/06/2024"),
        edit(ann, "q", "update", body=TEXT, revision="0"),
        send(ann, NEW, new_form(ann), "picture", body=TEXT),
    ):
        assert " data-unsaved " in page.text
    assert " data-saved " in ann.get(f"{path}?done=updated").text
    for address in (path, f"{path}?done=restored", f"{path}?done=revision-restored", f"{path}?done=x"):
        assert not re.search(r" data-(un)?saved", ann.get(address).text)


@pytest.mark.one_database
@pytest.mark.parametrize(("tag", "example"), [("en", "de"), ("de", "en"), ("de-AT", "en"), ("fr", "de")])
def test_the_example_of_a_language_is_another_one_than_the_sites(
    settings: Settings, assemble: Assemble, tag: str, example: str
) -> None:
    services = assemble(replace(settings, site=replace(settings.site, language=tag)))
    author = signed_in(create_app(services=services), services, "ann")

    assert f"such as {example}, if another than {tag}" in author.get(NEW).text
