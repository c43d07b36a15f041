"""What becomes of what apps send: posts, drafts, updates, and everything given back as it was sent."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.accounts.model import SCOPES
from feedserver.app import create_app
from feedserver.errors import EditConflict
from feedserver.posts import revisions, store
from feedserver.posts.publishing import Publisher
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage.engine import Database
from tests.authoring.micropub.client import SITE, App
from tests.posts.builders import document, edit
from tests.support.fixtures import Assemble, Publish
from tests.support.media_files import encoded, quarters

TEXTS = [
    "# Head\n\nText with *stars*",
    "  blanks before and after  \n\n",
    "\n---\ntitle: no front matter\n---\n",
    "~~~\n<script>\n~~~\n\ttab\n",
    "“Ünï” 😀 \u2028 é",
    "{{ braces }} & <b>tags</b> %7E",
    "---",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_back_as_it_was_sent(app_of_ann: App, text: str) -> None:
    url = app_of_ann.create(content=[text])
    assert app_of_ann.source(url)["content"] == [text]

    assert app_of_ann.update(url, replace={"content": ["x"]}).status_code == 204
    assert app_of_ann.update(url, replace={"content": [text]}).status_code == 204
    assert app_of_ann.source(url)["content"] == [text]


@pytest.mark.one_database
def test_html_stays_html_until_it_is_replaced(app_of_ann: App) -> None:
    html = {"html": "<p>One *star*</p>"}
    url = app_of_ann.create(content=[html])

    app_of_ann.update(url, add={"category": ["a"]})
    assert app_of_ann.source(url)["content"] == [html]
    assert "One *star*" in app_of_ann.page(url).text

    app_of_ann.update(url, replace={"content": ["One *star*"]})
    assert app_of_ann.source(url)["content"] == ["One *star*"]
    assert "<em>star</em>" in app_of_ann.page(url).text


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["markdown", "text", "value"])
def test_a_text_in_an_object_is_markdown_as_one_alone_is(app_of_ann: App, name: str) -> None:
    url = app_of_ann.create(content=[{name: "One *star*"}])

    assert app_of_ann.source(url)["content"] == ["One *star*"]
    assert "<em>star</em>" in app_of_ann.page(url).text


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("name", "said"),
    [("like-of", "Likes"), ("repost-of", "Reposts"), ("bookmark-of", "Bookmark of"), ("in-reply-to", "In reply to")],
)
def test_a_post_may_be_nothing_but_what_it_is_to_another_page(app_of_ann: App, name: str, said: str) -> None:
    response = app_of_ann.form(**{"h": "entry", name: "https://other.example/post"})
    url = response.headers["Location"]

    assert response.status_code == 201
    assert f'{said} <a class="u-{name}" href="https://other.example/post"' in app_of_ann.page(url).text
    assert app_of_ann.source(url)[name] == ["https://other.example/post"]


@pytest.mark.one_database
def test_objects_are_given_back_whole(app_of_ann: App) -> None:
    cite = {"type": ["h-cite"], "properties": {"url": ["https://other.example/a"], "name": ["A"], "n": [1, 2.5, None]}}
    person = {"type": ["h-card"], "properties": {"name": ["Bo\u2028\x01"]}}
    sent: dict[str, list[Any]] = {
        "like-of": [cite, "https://other.example/b"],
        "category": ["tag", person],
        "photo": [{"alt": "One that is to come"}],
        "video": ["https://other.example/c.mp4", {"alt": "Another one"}],
        "location": ["geo:60.17,24.94"],
        "syndication": ["https://elsewhere.example/1"],
    }
    url = app_of_ann.create(**sent)

    app_of_ann.update(url, add={"category": ["another"]})

    found = app_of_ann.source(url)
    assert {name: found[name] for name in sent} == sent | {"category": ["tag", "another", person]}
    assert found["like-of"][0]["properties"]["n"] == [1, 2.5, None]


@pytest.mark.one_database
def test_zero_and_false_are_given_back(app_of_ann: App) -> None:
    sent = {"x-n": [0, False, 1, 0.0], "category": ["a", 0], "like-of": [0], "audio": [0]}
    url = app_of_ann.create(content=["x"], **sent)

    assert app_of_ann.source(url, *sent) == sent

    app_of_ann.update(url, replace={"content": ["y"]})
    assert app_of_ann.source(url, "x-n") == {"x-n": [0, False, 1, 0.0]}


@pytest.mark.one_database
def test_a_tag_is_deleted_and_added_in_any_letter_case_and_form(app_of_ann: App) -> None:
    url = app_of_ann.create(content=["x"], category=["One", "e\u0301"])

    app_of_ann.update(url, add={"category": ["ONE"]})
    assert app_of_ann.source(url)["category"][0] == "One"
    app_of_ann.update(url, delete={"category": ["oNE", "\u00c9"]})
    assert "category" not in app_of_ann.source(url)


@pytest.mark.one_database
def test_what_clients_add_is_no_error(app_of_ann: App) -> None:
    extras = {"mp-destination": "undefined", "mp-syndicate-to": [""], "x_y": "1", "category": [""], "uid": "mine"}

    assert app_of_ann.form(h="entry", content="Hello", **extras).status_code == 201


NOTHING: list[dict[str, Any]] = [
    {},
    {"published": ["2021-01-01"]},
    {"content": [" \n\u3000\u200b"]},
    {"content": [{"html": ""}]},
    {"name": [" "], "summary": [" "]},
    {"foo": ["bar"]},
    {"category": ["x"]},
    {"post-status": ["draft"], "mp-slug": ["x"]},
    {"like-of": [{}]},
    {"photo": [{"alt": "x"}]},
]


@pytest.mark.one_database
@pytest.mark.parametrize("properties", NOTHING, ids=str)
def test_a_post_in_which_readers_would_find_nothing_is_refused(app_of_ann: App, properties: dict[str, Any]) -> None:
    fields = {name: value for name, value in properties.items() if isinstance(value[0], str)}

    for answer in (
        app_of_ann.json({"type": ["h-entry"], "properties": properties}),
        app_of_ann.form(h="entry", **fields),
    ):
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
    assert app_of_ann.parts([("other", b"x", "x.txt")], h="entry").status_code == 400
    assert app_of_ann.query([("q", "source")]).get_json()["items"] == []


@pytest.mark.one_database
def test_an_update_does_not_leave_nothing_for_readers(app_of_ann: App) -> None:
    url = app_of_ann.create(content=["Hello"], category=["a"])

    for changes in ({"delete": ["content"]}, {"replace": {"content": [" "]}}, {"delete": {"content": ["Hello"]}}):
        assert app_of_ann.update(url, **changes).status_code == 400
    assert app_of_ann.source(url)["content"] == ["Hello"]
    assert app_of_ann.update(url, delete=["content"], add={"photo": ["https://a.example/1.jpg"]}).status_code == 204


# --- addresses ---


@pytest.mark.parametrize(
    ("properties", "slug"),
    [
        ({"mp-slug": ["wanted"], "content": ["x"]}, "wanted"),
        ({"mp-slug": ["My Slug!"], "content": ["x"]}, "my-slug"),
        ({"mp-slug": ["taken"], "content": ["x"]}, "taken-2"),
        ({"mp-slug": ["?"], "name": ["A title"], "content": ["x"]}, "a-title"),
        ({"name": ["Taken"], "content": ["x"]}, "taken-2"),
        ({"content": ["The first words"]}, "the-first-words"),
    ],
)
def test_a_post_has_the_next_free_slug(
    app_of_ann: App, publish: Publish, properties: dict[str, list[str]], slug: str
) -> None:
    publish("Taken")

    assert app_of_ann.create(**properties) == f"{SITE}/posts/{slug}"


@pytest.mark.one_database
def test_former_addresses_and_previews_mean_the_post_too(app_of_ann: App, services: WebServices) -> None:
    preview = app_of_ann.create(name=["Draft"], content=["x"], post_status=["draft"])
    services.publisher.rename("draft", "renamed")

    for url in (preview, f"{SITE}/posts/draft", f"{SITE}/posts/renamed/?x#y"):
        assert app_of_ann.source(url)["url"] == [f"{SITE}/posts/renamed"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    "url",
    [
        *("http://blog.example/posts/nothing", "http://other.example/posts/a-post", "http://blog.example/", "x", ""),
        *("http://blog.example/previews/nothing", "http://blog.example/about", "http://blog.example/posts/about"),
    ],
)
def test_other_addresses_are_bad_requests(app_of_ann: App, publish: Publish, url: str) -> None:
    publish("A post")
    publish("About", page="true")

    for response in (
        app_of_ann.update(url, replace={"content": ["x"]}),
        app_of_ann.form(action="delete", url=url),
        app_of_ann.form(action="undelete", url=url),
    ):
        assert (response.status_code, response.get_json()["error"]) == (400, "invalid_request")
    if url:
        assert app_of_ann.query([("q", "source"), ("url", url)]).status_code == 400


@pytest.mark.one_database
def test_a_deleted_post_is_neither_read_nor_changed_until_it_is_undeleted(
    app_of_ann: App, services: WebServices
) -> None:
    url = app_of_ann.create(name=["A post"], content=["Hello"])
    app_of_ann.form(action="delete", url=url)

    for refused in (
        app_of_ann.update(url, replace={"content": ["New"]}),
        app_of_ann.query([("q", "source"), ("url", url)]),
    ):
        assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_request")
        assert "undelete it first" in refused.get_json()["error_description"]

    app_of_ann.form(action="undelete", url=url)
    assert app_of_ann.source(url)["content"] == ["Hello"]
    assert app_of_ann.update(url, replace={"content": ["New"]}).status_code == 204

    app_of_ann.form(action="delete", url=url)
    services.publisher.erase("a-post")
    for refused in (
        app_of_ann.update(url, replace={"content": ["New"]}),
        app_of_ann.query([("q", "source"), ("url", url)]),
    ):
        assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_request")
        assert "nothing is left of it" in refused.get_json()["error_description"]


# --- drafts ---


@pytest.mark.one_database
def test_with_draft_alone_a_post_is_a_draft_whatever_it_says(app_of_ann: App, services: WebServices) -> None:
    url = app_of_ann.with_scopes(services, "draft").create(name=["Mine"], content=["x"], post_status=["published"])

    assert url.startswith(f"{SITE}/previews/")
    assert app_of_ann.page("/posts/mine").status_code == 404


@pytest.mark.one_database
def test_publishing_it_later_needs_create_and_update(app_of_ann: App, services: WebServices) -> None:
    url = app_of_ann.create(name=["Mine"], content=["x"], post_status=["draft"])
    publish = {"replace": {"post-status": ["published"]}}

    for scopes in (("update", "draft"), ("create", "draft")):
        assert app_of_ann.with_scopes(services, *scopes).update(url, **publish).status_code == 401
    assert app_of_ann.page("/posts/mine").status_code == 404

    done = app_of_ann.with_scopes(services, "create", "update").update(url, **publish)

    assert (done.status_code, done.headers["Location"]) == (201, f"{SITE}/posts/mine")
    assert app_of_ann.page("/posts/mine").status_code == 200
    assert app_of_ann.source(url)["post-status"] == ["published"]


@pytest.mark.one_database
@pytest.mark.parametrize("earlier", ["2020-01-01T00:00:00Z", "2098-01-01"])
def test_to_be_seen_sooner_than_it_would_be_a_post_needs_create(
    app_of_ann: App, services: WebServices, earlier: str
) -> None:
    url = app_of_ann.create(name=["Later"], content=["x"], published=["2099-01-01"])
    drafting = app_of_ann.with_scopes(services, "draft", "update")

    refused = drafting.update(url, replace={"published": [earlier]})
    assert (refused.status_code, refused.get_json()["error"]) == (401, "insufficient_scope")
    assert app_of_ann.source(url)["published"] == ["2099-01-01T00:00:00Z"]
    assert app_of_ann.page(url).status_code == 404

    assert drafting.update(url, replace={"published": ["2099-02-01"]}).status_code == 204
    assert drafting.update(url, delete=["published"]).status_code == 204
    assert app_of_ann.page(url).status_code == 404
    assert app_of_ann.update(url, replace={"published": [earlier]}).status_code == 204


@pytest.mark.one_database
@pytest.mark.parametrize(
    "changes",
    [
        {"replace": {"post-status": ["draft"]}},
        {"add": {"post-status": ["draft"]}},
        {"replace": {"visibility": ["private"], "content": ["New"]}},
        {"replace": {"visibility": ["unlisted"]}},
        {"replace": {"published": ["2099-01-01"], "content": ["New"]}},
        {"replace": {"post-status": ["archived"]}},
        {"add": {"content": ["Second"]}},
        {"replace": {"name": [{"html": "x"}]}},
        {"replace": {"content": [1]}},
        {"replace": {"published": ["soon"]}},
        {"add": {"photo": ["relative.jpg"]}},
        {"add": {"like-of": ["no address"]}},
        {"add": {"category": ["x" * 300]}},
        {"delete": ["content", "category", "name"]},
    ],
    ids=str,
)
def test_what_cannot_be_kept_as_asked_is_refused_whole(
    app_of_ann: App, services: WebServices, changes: dict[str, Any]
) -> None:
    url = app_of_ann.create(name=["Public"], content=["Hello"], category=["a"])

    response = app_of_ann.update(url, **changes)

    assert (response.status_code, response.get_json()["error"]) == (400, "invalid_request")
    assert app_of_ann.source(url)["content"] == ["Hello"]
    assert app_of_ann.page(url).status_code == 200


@pytest.mark.one_database
def test_a_scheduled_post_may_become_a_draft(app_of_ann: App) -> None:
    url = app_of_ann.create(name=["Later"], content=["x"], published=["2099-01-01"])

    assert app_of_ann.update(url, replace={"post-status": ["draft"]}).status_code == 204
    assert app_of_ann.source(url)["post-status"] == ["draft"]


# --- updates beside others ---


def test_the_author_s_own_front_matter_stays_byte_for_byte(app_of_ann: App, services: WebServices) -> None:
    source = "---\n# mine\nTitle:  'A post'\nreply_to: https://a.example/x   # one\ncustom: [1, 2]\n---\n\nText.\n"
    publisher = services.publisher
    publisher.add(publisher.read(source.encode()), services.clock())
    url = f"{SITE}/posts/a-post"

    assert app_of_ann.update(url, add={"category": ["new"]}).status_code == 204

    with services.database.read() as connection:
        post = store.by_slug(connection, "a-post")
    assert post is not None
    assert post.tags == ("new",)
    assert [line for line in post.source.splitlines() if not line.startswith("tags")] == source.splitlines()


def test_pictures_and_enclosures_of_documents_are_properties_and_stay(
    app_of_ann: App, services: WebServices, publish: Publish
) -> None:
    publish(
        "Sounds",
        enclosures="[{url: 'https://a.example/a.pdf', type: application/pdf, length: 9},"
        " {url: 'https://a.example/b.mp3', type: audio/mpeg, length: 9}]",
        photos="[https://a.example/c.jpg]",
    )
    url = f"{SITE}/posts/sounds"
    assert app_of_ann.source(url, "audio", "photo") == {
        "audio": ["https://a.example/b.mp3"],
        "photo": ["https://a.example/c.jpg"],
    }

    app_of_ann.update(url, add={"video": ["https://a.example/d.mp4"]}, delete=["audio"])

    with services.database.read() as connection:
        post = store.by_slug(connection, "sounds")
    assert post is not None
    assert [(file.url, file.type, file.length) for file in post.enclosures] == [
        ("https://a.example/a.pdf", "application/pdf", 9),
        ("https://a.example/d.mp4", "video/mp4", 0),
    ]
    assert 'src="https://a.example/c.jpg"' in post.html


@pytest.mark.one_database
def test_files_beside_a_document_have_addresses_for_apps_and_keep_their_names(
    app_of_ann: App, services: WebServices, tmp_path: Path
) -> None:
    (tmp_path / "roof.png").write_bytes(encoded(quarters(), "PNG"))
    media = services.library.keep(tmp_path / "roof.png", "roof.png")
    publisher = services.publisher
    publisher.add(publisher.read(document("Roof", photos="[roof.png]")), services.clock(), {"roof.png": media})
    url = f"{SITE}/posts/roof"

    assert app_of_ann.source(url)["photo"] == [f"{SITE}/{media.path}"]
    changed = app_of_ann.update(url, add={"category": ["a"], "photo": ["https://a.example/b.jpg"]})

    assert changed.status_code == 204
    with services.database.read() as connection:
        post = store.by_slug(connection, "roof")
    assert post is not None
    assert [photo.url for photo in publisher.read(post.source.encode()).photos] == [
        "roof.png",
        "https://a.example/b.jpg",
    ]
    assert f'src="../{media.path}"' in post.html


def test_another_s_change_meanwhile_stays(
    app_of_ann: App, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = app_of_ann.create(name=["A post"], content=["Hello"], category=["one"])
    real, others = Publisher.amend, ["two"]

    def amend_late(publisher: Publisher, *args: Any, **values: Any) -> Any:
        if others:
            edit(services, "a-post", "A post", "Another text", tags=f"[one, {others.pop()}]")
        return real(publisher, *args, **values)

    monkeypatch.setattr(Publisher, "amend", amend_late)

    assert app_of_ann.update(url, add={"category": ["three"]}).status_code == 204

    found = app_of_ann.source(url)
    assert (found["category"], found["content"]) == (["one", "two", "three"], ["Another text\n"])


@pytest.mark.one_database
def test_one_that_never_ends_is_told(app_of_ann: App, monkeypatch: pytest.MonkeyPatch) -> None:
    url = app_of_ann.create(name=["A post"], content=["Hello"])

    def conflict(*_: Any, **__: Any) -> Any:
        raise EditConflict("a-post", 7)

    monkeypatch.setattr(Publisher, "amend", conflict)

    assert app_of_ann.update(url, replace={"content": ["x"]}).status_code == 400


def test_history_says_who_wrote_and_through_which_door(app_of_ann: App, services: WebServices) -> None:
    url = app_of_ann.create(name=["A post"], content=["Hello"])
    app_of_ann.update(url, replace={"content": ["New"]})
    app_of_ann.update(url, replace={"content": ["New"]})

    with services.database.read() as connection:
        post = store.by_slug(connection, "a-post")
        assert post is not None
        lines = revisions.history(connection, post.id)

    assert [(line.number, line.by, line.via) for line in lines] == [(2, "ann", "micropub"), (1, "ann", "micropub")]


# --- files ---


@pytest.mark.one_database
def test_files_of_a_post_are_pictures_sounds_and_films_of_the_site(app_of_ann: App) -> None:
    picture = encoded(quarters(), "PNG")
    url = app_of_ann.parts([("photo", picture, "lark.png")], h="entry", content="See").headers["Location"]

    (photo,) = app_of_ann.source(url)["photo"]
    with app_of_ann.page(photo) as served:
        assert served.headers["Content-Type"] == "image/png"
    assert app_of_ann.source(url)["content"] == ["See"]
    assert app_of_ann.update(url, delete={"photo": [photo]}).status_code == 204
    assert "photo" not in app_of_ann.source(url)


@pytest.mark.one_database
def test_a_post_may_be_nothing_but_a_picture(app_of_ann: App) -> None:
    response = app_of_ann.parts([("photo", encoded(quarters(), "PNG"), "lark.png")], h="entry")

    assert response.status_code == 201
    assert '<img class="u-photo"' in app_of_ann.page(response.headers["Location"]).text


@pytest.mark.one_database
def test_texts_for_files_go_on_after_those_for_addresses(app_of_ann: App) -> None:
    fields = {"photo": "https://a.example/1.jpg", "mp-photo-alt[]": ["One", "Two"]}
    url = app_of_ann.parts([("photo[]", encoded(quarters(), "PNG"), "x.png")], h="entry", **fields).headers["Location"]

    assert [photo["alt"] for photo in app_of_ann.source(url)["photo"]] == ["One", "Two"]


@pytest.mark.one_database
def test_a_file_has_the_text_at_its_place_though_earlier_ones_are_empty(app_of_ann: App) -> None:
    files = [("photo[]", encoded(quarters(), kind), f"x.{kind.lower()}") for kind in ("PNG", "GIF")]
    texts = {"mp-photo-alt[]": ["", "Second alone"]}
    url = app_of_ann.parts(files, h="entry", **texts).headers["Location"]

    first, second = app_of_ann.source(url)["photo"]
    assert (first[-6:], second["value"][-6:], second["alt"]) == ("/x.png", "/x.gif", "Second alone")

    not_chosen = [("photo[]", b"", ""), files[1]]
    url = app_of_ann.parts(not_chosen, h="entry", **texts).headers["Location"]
    assert app_of_ann.source(url)["photo"] == [second]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("names", "fields"),
    [
        (("photo[1]", "photo[2]"), {"mp-photo-alt[1]": "Of png", "mp-photo-alt[2]": "Of gif"}),
        (("photo[]", "photo[]"), {"photo": "", "mp-photo-alt[]": ["Of png", "Of gif"]}),
    ],
)
def test_each_file_has_its_own_text(app_of_ann: App, names: tuple[str, str], fields: dict[str, Any]) -> None:
    kinds = zip(names, ("png", "gif"), strict=True)
    files = [(name, encoded(quarters(), kind.upper()), f"x.{kind}") for name, kind in kinds]
    url = app_of_ann.parts(files, h="entry", **fields).headers["Location"]

    photos = {photo["value"][-3:]: photo["alt"] for photo in app_of_ann.source(url)["photo"]}
    assert photos == {"png": "Of png", "gif": "Of gif"}


@pytest.mark.one_database
def test_what_is_refused_leaves_no_file(app_of_ann: App, services: WebServices) -> None:
    files = [("photo", encoded(quarters(), "PNG"), "lark.png")]

    assert app_of_ann.parts(files, h="entry", published="yesterday-ish").status_code == 400
    assert app_of_ann.parts(files, h="entry", visibility="private").status_code == 400
    assert app_of_ann.query([("q", "source")], "/micropub/media").get_json() == {"items": []}


@pytest.mark.one_database
@pytest.mark.parametrize(
    "files",
    [[], [("photo", b"x", "x.png")], [("file", b"x", "a"), ("file", b"y", "b")], [("file", b"<svg/>", "x.svg")]],
)
def test_the_media_endpoint_takes_one_good_file(app_of_ann: App, files: list[tuple[str, bytes, str]]) -> None:
    response = app_of_ann.parts(files, "/micropub/media")

    assert (response.status_code, response.get_json()["error"]) == (400, "invalid_request")


@pytest.mark.one_database
def test_files_need_a_scope(app_of_ann: App, services: WebServices) -> None:
    file = [("file", encoded(quarters(), "PNG"), "lark.png")]

    assert app_of_ann.with_scopes(services, "update", "draft").parts(file, "/micropub/media").status_code == 401
    assert app_of_ann.with_scopes(services, "media").parts(file, "/micropub/media").status_code == 201
    assert app_of_ann.with_scopes(services, "create").parts(file, "/micropub/media").status_code == 201


@pytest.mark.one_database
def test_a_post_with_files_needs_the_scope_for_them_too(app_of_ann: App, services: WebServices) -> None:
    files = [("photo[]", encoded(quarters(), "PNG"), "lark.png")]

    refused = app_of_ann.with_scopes(services, "draft").parts(files, h="entry", content="See")
    assert (refused.status_code, refused.get_json()["error"]) == (401, "insufficient_scope")
    assert app_of_ann.query([("q", "source")], "/micropub/media").get_json() == {"items": []}
    assert app_of_ann.with_scopes(services, "draft", "media").parts(files, h="entry").status_code == 201
    assert app_of_ann.with_scopes(services, "draft").parts(
        [("other", b"x", "x.txt")], h="entry", content="x"
    ).status == ("201 CREATED")


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["photo", "photo[]", "audio", "video"])
def test_a_text_is_no_picture_sound_or_film(app_of_ann: App, name: str) -> None:
    for file in (b"hello", b"%s" % encoded(quarters(), "PNG") if name in ("audio", "video") else b"\0" * 99):
        refused = app_of_ann.parts([(name, file, "hello")], h="entry", content="See")
        assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_request")

    assert app_of_ann.query([("q", "source")], "/micropub/media").get_json() == {"items": []}
    assert app_of_ann.query([("q", "source")]).get_json()["items"] == []


@pytest.mark.one_database
def test_a_text_that_the_site_has_already_is_no_picture_either(app_of_ann: App) -> None:
    assert app_of_ann.parts([("file", b"hello", "a.txt")], "/micropub/media").status_code == 201
    assert app_of_ann.parts([("photo", b"hello", "a.txt")], h="entry", content="See").status_code == 400


@pytest.mark.one_database
def test_a_media_type_of_a_picture_is_believed_of_pictures_alone(app_of_ann: App) -> None:
    head = b'Content-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: image/png'
    body = b"--x\r\n%s\r\n\r\n%s\r\n--x--\r\n"

    statuses = [
        app_of_ann.client.post(
            "/micropub/media",
            data=body % (head, file),
            content_type="multipart/form-data; boundary=x",
            headers=app_of_ann.headers,
        ).status_code
        for file in (b"hello", encoded(quarters(), "PNG"))
    ]

    assert statuses == [400, 201]


# --- the endpoint ---


@pytest.mark.one_database
def test_while_the_database_is_away_apps_are_told_to_come_again(
    app_of_ann: App, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise NoConnection

    monkeypatch.setattr(Database, "transact", away)

    response = app_of_ann.form(content="Hello")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    assert response.get_json()["error"] == "temporarily_unavailable"


@pytest.mark.one_database
def test_a_site_may_lie_below_a_path(assemble: Assemble, settings: Settings) -> None:
    below = assemble(replace(settings, site=replace(settings.site, url="http://blog.example/my/blog")))
    below.accounts.add("ann")
    app = App(create_app(services=below).test_client(), below.apps.create("ann", "Quill", SCOPES)[1])

    photo = app.parts([("file", encoded(quarters(), "PNG"), "x.png")], "/my/blog/micropub/media").headers["Location"]
    made = app.form("/my/blog/micropub", content="x", photo=photo)
    source = app.query([("q", "source"), ("url", made.headers["Location"])], "/my/blog/micropub").get_json()

    assert photo.startswith("http://blog.example/my/blog/media/")
    assert source["properties"]["photo"] == [photo]
    assert app.client.get("/my/blog/micropub").headers["Access-Control-Allow-Origin"] == "*"
    told = app.client.get("/my/blog/.well-known/oauth-authorization-server").get_json()
    assert (told["issuer"], told["token_endpoint"]) == (
        "http://blog.example/my/blog",
        "http://blog.example/my/blog/indieauth/token",
    )


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/micropub", "/micropub/media"])
def test_scripts_of_any_site_may_use_it(client: FlaskClient, path: str) -> None:
    asked = client.options(path, headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST"})
    answers = [client.get(path), client.post(path), client.put(path)]

    assert asked.status_code == 204
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert {one.headers["Access-Control-Allow-Origin"] for one in [asked, *answers]} == {"*"}
    assert {one.headers["Cache-Control"] for one in answers} == {"no-store"}
    assert "Location" in answers[0].headers["Access-Control-Expose-Headers"]


@pytest.mark.one_database
def test_the_home_page_alone_leads_to_it(client: FlaskClient, publish: Publish) -> None:
    publish("A post", tags="[a]")
    home = client.get("/").text

    for relation, url in (
        ("micropub", f"{SITE}/micropub"),
        ("authorization_endpoint", f"{SITE}/indieauth/authorize"),
        ("token_endpoint", f"{SITE}/indieauth/token"),
        ("indieauth-metadata", f"{SITE}/.well-known/oauth-authorization-server"),
    ):
        assert home.count(f'<link rel="{relation}" href="{url}">') == 1
    assert 'rel="micropub"' not in client.get("/posts/a-post").text + client.get("/tags/a").text


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("q=category", 200),
        ("q=channel", 200),
        ("q=post-types", 200),
        ("q=nothing", 400),
        ("", 200),
        ("q=source&limit=x", 400),
        ("q=source&limit=0", 400),
        ("q=source&offset=-1", 400),
        ("q=source&post-status=x", 400),
        ("q=source&limit=100000&offset=0", 200),
    ],
)
def test_queries_are_answered_or_refused(app_of_ann: App, query: str, status: int) -> None:
    assert app_of_ann.client.get(f"/micropub?{query}", headers=app_of_ann.headers).status_code == status


@pytest.mark.one_database
@pytest.mark.parametrize("query", ["q=config", "q=nothing", ""])
def test_the_media_endpoint_tells_what_was_uploaded_and_nothing_else(app_of_ann: App, query: str) -> None:
    refused = app_of_ann.client.get(f"/micropub/media?{query}", headers=app_of_ann.headers)

    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_request")
    assert app_of_ann.query([("q", "source")], "/micropub/media").get_json() == {"items": []}


def test_tags_are_offered(app_of_ann: App, services: WebServices, publish: Publish) -> None:
    publish("One", tags="[b, Bees]")
    publish("Two", tags="[bees]")
    services.publisher.add(services.publisher.read(document("Three", tags="[gone]")), services.clock())
    services.publisher.delete("three")

    assert app_of_ann.query([("q", "category")]).get_json() == {"categories": ["b", "Bees"]}


@pytest.mark.one_database
def test_bodies_of_other_types_and_sizes_are_refused(app_of_ann: App) -> None:
    client, headers = app_of_ann.client, app_of_ann.headers

    assert client.post("/micropub", data="x", content_type="text/plain", headers=headers).status_code == 415
    too_long = app_of_ann.json({"properties": {"content": ["x" * 1_100_000]}})
    assert (too_long.status_code, too_long.get_json()["error"]) == (400, "invalid_request")
    without = client.post("/micropub", data=b"x" * 1_100_000, content_type="application/x-www-form-urlencoded")
    assert without.status_code == 413
