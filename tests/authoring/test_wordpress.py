"""WordPress's own methods: posts, terms, options, media, and comments that are moderated."""

from typing import Any
from xmlrpc.client import DateTime, Fault

import pytest
from flask.testing import FlaskClient

from feedserver.posts.model import Writer
from feedserver.posts.publishing import Publisher
from feedserver.services import WebServices
from feedserver.thoughts import store as thoughts
from feedserver.thoughts.moderation.erase import erase
from tests.authoring.conftest import ME, App, MakeApp, heard
from tests.support.fixtures import Publish
from tests.support.outside import Clock, Web


def new(app: App, **struct: object) -> str:
    post_id = app("wp.newPost", "1", ME, struct)
    assert isinstance(post_id, str)
    return post_id


def get(app: App, post_id: str) -> dict[str, object]:
    found = app("wp.getPost", "1", ME, post_id)
    assert isinstance(found, dict)
    return found


def test_a_post_is_a_draft_unless_it_says_that_it_is_public(mars: App) -> None:
    draft, public = new(mars, post_title="A"), new(mars, post_title="B", post_status="publish")

    assert [get(mars, one)["post_status"] for one in (draft, public)] == ["draft", "publish"]


def test_a_post_comes_back_as_it_was_sent(mars: App) -> None:
    post_id = new(
        mars,
        post_type="post",
        post_status="publish",
        post_title="Spring",
        post_content="Before\n\n<!--more-->\n\nAfter",
        post_excerpt="Short",
        post_name="the-spring",
        post_date_gmt=DateTime("20230304T06:00:00"),
        comment_status="closed",
        ping_status="open",
        terms_names={"category": ["Birds"], "post_tag": ["larks"]},
    )

    found = get(mars, post_id)
    assert (found["post_title"], found["post_content"]) == ("Spring", "Before\n\n<!--more-->\n\nAfter")
    assert (found["post_excerpt"], found["post_name"], str(found["post_date"])) == (
        "Short",
        "the-spring",
        "20230304T06:00:00Z",
    )
    assert (found["comment_status"], found["ping_status"]) == ("closed", "open")
    assert [(term["name"], term["taxonomy"]) for term in found["terms"]] == [  # type: ignore[attr-defined]
        ("Birds", "category"),
        ("larks", "category"),
    ]


def test_terms_may_be_named_by_their_numbers(mars: App) -> None:
    number = mars("wp.newCategory", "1", ME, {"name": "Birds"})

    post_id = new(mars, post_title="A", terms={"category": [number]})
    mars("wp.editPost", "1", ME, post_id, {"terms": {"post_tag": [str(number)]}, "terms_names": {"post_tag": ["x"]}})
    assert mars.get(post_id)["categories"] == ["Birds", "x"]

    mars("wp.editPost", "1", ME, post_id, {"terms": {"category": []}})
    assert mars.get(post_id)["categories"] == []


def test_an_edit_is_refused_if_the_post_is_newer_than_the_app_knows(mars: App, clock: Clock) -> None:
    post_id = new(mars, post_title="A", post_status="publish")
    known = get(mars, post_id)["post_modified_gmt"]
    clock.move(minutes=1)
    assert mars("wp.editPost", "1", ME, post_id, {"post_title": "B", "if_not_modified_since": known}) is True

    with pytest.raises(Fault) as refused:
        mars("wp.editPost", "1", ME, post_id, {"post_title": "C", "if_not_modified_since": known})

    assert refused.value.faultCode == 409
    assert get(mars, post_id)["post_title"] == "B"


def test_so_it_is_where_the_document_says_when_it_was_updated(
    mars: App, publish: Publish, services: WebServices
) -> None:
    made = publish("A", date="2023-01-02", updated="2023-02-03")
    known = get(mars, str(made.id))["post_modified_gmt"]
    assert str(known) == "20230203T00:00:00Z"

    services.publisher.amend("a", {}, "Words of another", services.clock(), Writer("mara", "micropub"))

    with pytest.raises(Fault) as refused:
        mars("wp.editPost", "1", ME, str(made.id), {"post_content": "Mine", "if_not_modified_since": known})
    assert refused.value.faultCode == 409
    assert get(mars, str(made.id))["post_content"] == "Words of another"


@pytest.mark.one_database
def test_a_change_of_another_between_looking_and_saving_is_noticed(
    mars: App, services: WebServices, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    post_id, amend = new(mars, post_title="A", post_status="publish"), Publisher.amend
    known = get(mars, post_id)["post_modified_gmt"]
    clock.move(minutes=1)

    def amend_late(self: Publisher, *args: Any, **options: Any) -> object:
        monkeypatch.setattr(Publisher, "amend", amend)
        amend(self, "a", {}, "Words of another", clock(), Writer("mara", "desk"))
        return amend(self, *args, **options)

    monkeypatch.setattr(Publisher, "amend", amend_late)

    with pytest.raises(Fault) as refused:
        mars("wp.editPost", "1", ME, post_id, {"post_content": "Mine", "if_not_modified_since": known})
    assert refused.value.faultCode == 409


def test_a_new_page_is_refused_and_there_are_none_to_get(mars: App, publish: Publish) -> None:
    publish("About", page="true")
    publish("A post")

    with pytest.raises(Fault) as refused:
        new(mars, post_title="A", post_type="page")
    assert refused.value.faultCode == 400
    assert mars("wp.getPosts", "1", ME, {"post_type": "page"}) == []
    assert mars("wp.getPageList", "1", ME) == []
    assert [one["post_title"] for one in mars("wp.getPosts", "1", ME)] == ["A post"]


def test_posts_are_listed_by_status_in_parts_with_the_members_that_are_asked_for(mars: App) -> None:
    for number in range(3):
        new(mars, post_title=f"Public {number}", post_status="publish")
    new(mars, post_title="Draft")

    def titles(**wanted: object) -> list[str]:
        return [one["post_title"] for one in mars("wp.getPosts", "1", ME, wanted, ["post_title"])]

    assert titles() == ["Draft", "Public 2", "Public 1", "Public 0"]
    assert titles(post_status="draft") == ["Draft"]
    assert titles(post_status="publish", number=2, offset="1") == ["Public 1", "Public 0"]
    assert titles(post_status="trash") == titles(post_status="private") == []
    assert [sorted(one) for one in mars("wp.getPosts", "1", ME, {"number": 1}, ["post_name", "terms"])] == [
        ["post_id", "post_name", "terms"]
    ]


@pytest.mark.parametrize("method", ["wp.getPosts", "wp.getComments", "wp.getMediaLibrary"])
@pytest.mark.parametrize("member", ["number", "offset"])
def test_a_list_goes_as_far_as_numbers_of_64_bits_and_others_are_refused(mars: App, method: str, member: str) -> None:
    def listed(written: str) -> object:
        body = mars.written(method, "1", ME, {member: "here"}).decode()
        return heard(mars.send(body.replace("<string>here</string>", written).encode()))

    assert listed(f"<i8>{2**63 - 1}</i8>") == []
    assert listed(f"<string>{-(2**63)}</string>") == []
    for beyond in (
        f"<int>{2**63}</int>",
        f"<i8>{-(2**63) - 1}</i8>",
        f"<string>{2**63}</string>",
        "<double>1e19</double>",
    ):
        with pytest.raises(Fault) as refused:
            listed(beyond)
        assert refused.value.faultCode == 400, beyond


@pytest.mark.one_database
def test_groups_of_members_may_be_named(mars: App) -> None:
    post_id = new(mars, post_title="A", post_content="Words", terms_names={"category": ["Birds"]})

    def members(*fields: str) -> set[str]:
        (listed,) = mars("wp.getPosts", "1", ME, {}, list(fields))
        assert mars("wp.getPost", "1", ME, post_id, list(fields)) == listed
        return set(listed)

    basic = members("post")
    assert basic >= {"post_id", "post_title", "post_content", "post_status", "post_date_gmt", "link"}
    assert basic.isdisjoint({"terms", "custom_fields", "enclosure"})
    assert members("post", "terms", "custom_fields") == basic | {"terms", "custom_fields"}
    assert members("post", "taxonomies", "enclosure") == basic | {"terms", "enclosure"}
    assert members("taxonomies") == {"post_id", "terms"}
    assert members("post_title", "nonsense") == {"post_id", "post_title"}


def test_posts_are_sorted_by_date_or_by_last_change(mars: App, clock: Clock) -> None:
    ids = []
    for title in ("A", "B", "C"):
        ids.append(new(mars, post_title=title, post_status="publish"))
        clock.move(minutes=1)
    mars("wp.editPost", "1", ME, ids[0], {"post_content": "changed"})

    def titles(**wanted: object) -> str:
        return "".join(one["post_title"] for one in mars("wp.getPosts", "1", ME, wanted))

    assert titles(orderby="date") == titles(order="DESC") == "CBA"
    assert titles(order="asc") == titles(orderby="post_date", order="ASC") == "ABC"
    assert titles(orderby="modified") == "ACB"
    assert titles(orderby="modified", order="ASC", number=2) == "BC"
    for wrong in ({"orderby": "rand"}, {"order": "up"}):
        with pytest.raises(Fault, match="sorted by") as refused:
            titles(**wrong)
        assert refused.value.faultCode == 400


@pytest.mark.one_database
@pytest.mark.parametrize(
    "terms", [{"category": [77]}, {"post_tag": ["99999999999999999999"]}, {"category": [0]}], ids=str
)
def test_terms_that_are_not_there_are_refused_and_the_tags_stay(mars: App, terms: dict[str, object]) -> None:
    post_id = new(mars, post_title="A", terms_names={"category": ["Birds"]})

    for method, *params in (("wp.editPost", post_id), ("wp.newPost",)):
        with pytest.raises(Fault) as refused:
            mars(method, "1", ME, *params, {"post_title": "B", "terms": terms})
        assert refused.value.faultCode == 400

    assert mars.get(post_id)["categories"] == ["Birds"]
    assert len(mars("wp.getPosts", "1", ME)) == 1


def test_terms_of_both_kinds_are_the_tags(mars: App) -> None:
    new(mars, post_title="A", terms_names={"category": ["Birds"]})

    assert [one["name"] for one in mars("wp.getTerms", "1", ME, "post_tag")] == ["Birds"]
    assert [one["categoryName"] for one in mars("wp.getCategories", "1", ME)] == ["Birds"]
    assert mars("wp.getTerms", "1", ME, "link_category") == []


@pytest.mark.one_database
@pytest.mark.parametrize("said", [{}, {"name": " \n"}, {"name": None}], ids=str)
def test_a_new_category_has_a_name(mars: App, said: dict[str, object]) -> None:
    with pytest.raises(Fault, match="The category name is missing") as refused:
        mars("wp.newCategory", "1", ME, said)

    assert refused.value.faultCode == 400
    assert mars("wp.getCategories", "1", ME) == []


@pytest.mark.one_database
@pytest.mark.parametrize(("name", "said"), [("x" * 201, "is over 200 characters"), ("..", "cannot be part of")])
def test_a_new_category_is_one_that_posts_may_have(mars: App, name: str, said: str) -> None:
    with pytest.raises(Fault, match=said) as refused:
        mars("wp.newCategory", "1", ME, {"name": name})

    assert refused.value.faultCode == 400
    assert mars("wp.getCategories", "1", ME) == []


def test_options_tell_of_the_site_and_cannot_be_set(mars: App) -> None:
    every = mars("wp.getOptions", "1", ME)
    assert every["blog_title"] == {"desc": "Site Title", "readonly": True, "value": "Example Blog"}
    assert every["software_name"]["value"] == "feedserver"
    assert every["time_zone"]["value"] == "0"

    assert list(mars("wp.getOptions", "1", ME, ["blog_url", "nonsense"])) == ["blog_url"]


def test_what_else_apps_ask_when_they_are_set_up(mars: App) -> None:
    assert mars("wp.getPostFormats", "1", ME) == {"standard": "Standard"}
    assert mars("wp.getPostFormats", "1", ME, {"show-supported": True})["supported"] == ["standard"]
    assert mars("wp.getAuthors", "1", ME) == [{"user_id": "1", "user_login": "mara", "display_name": "mara"}]
    assert mars("mt.supportedTextFilters") == [{"key": "markdown", "label": "Markdown"}]
    assert mars("mt.getTrackbackPings", "1") == []
    assert set(mars("system.listMethods")) == set(mars("mt.supportedMethods")) >= {"wp.newPost", "blogger.newPost"}
    assert not [name for name in mars("system.listMethods") if name.startswith("pingback") or "multicall" in name]


def test_files_are_taken_in_listed_and_shown_in_posts(mars: App, client: FlaskClient) -> None:
    file = {"name": "2026/notes.txt", "type": "text/plain", "bits": b"words"}

    added = mars("wp.uploadFile", "1", ME, file)
    assert client.get(added["url"], buffered=True).data == b"words"
    assert [one["url"] for one in mars("wp.getMediaLibrary", "1", ME, {})] == [added["url"]]
    assert mars("wp.getMediaLibrary", "1", ME, {"mime_type": "image"}) == []

    post_id = new(mars, post_title="A", post_content=f"[notes]({added['url']})", post_status="publish")
    assert added["url"].removeprefix("http://blog.example") in client.get(str(get(mars, post_id)["link"])).text


@pytest.mark.one_database
def test_files_are_counted_among_those_of_the_kind_that_is_asked_for(mars: App) -> None:
    for name in ("a.txt", "b.pdf", "c.txt"):
        bits = b"%PDF-1.4 " + name.encode() if name == "b.pdf" else name.encode()
        mars("wp.uploadFile", "1", ME, {"name": name, "bits": bits})

    def names(**wanted: object) -> set[str]:
        return {one["title"] for one in mars("wp.getMediaLibrary", "1", ME, wanted)}

    assert names(mime_type="application/pdf", number=1) == names(mime_type="application", number=1) == {"b.pdf"}
    assert names(mime_type="application/*") == names(mime_type=["application", "image"]) == {"b.pdf"}
    assert names(mime_type="text") == {"a.txt", "c.txt"}
    assert names(mime_type="text", number=1) | names(mime_type="text", number=1, offset=1) == {"a.txt", "c.txt"}
    assert names(mime_type="text", offset=2) == names(mime_type="app") == names(mime_type="%") == set()


@pytest.mark.parametrize("file", [{"name": "a.svg", "bits": b"<svg/>"}, {"name": "a.png"}, {"name": "a", "bits": "x"}])
def test_a_file_that_cannot_be_taken_is_refused_with_a_reason(mars: App, file: dict[str, object]) -> None:
    with pytest.raises(Fault) as refused:
        mars("metaWeblog.newMediaObject", "1", ME, file)

    assert refused.value.faultCode == 400
    assert mars("wp.getMediaLibrary", "1", ME) == []


# --- comments ---


@pytest.fixture
def commented(services: WebServices, publish: Publish, web: Web) -> int:
    """A post with a ping that is shown; its id."""
    publish("A post")
    page = web.put(
        "http://other.example/a", '<p>Ann says: see <a href="http://blog.example/posts/a-post">this</a>.</p>'
    )
    return services.receiver.receive(page, "http://blog.example/posts/a-post", "192.0.2.1").thought.id


def state(services: WebServices, thought_id: int) -> str:
    with services.database.read() as connection:
        found = thoughts.by_id(connection, thought_id)
    assert found is not None
    return found.state


def test_thoughts_are_listed_as_comments_by_status(mars: App, commented: int) -> None:
    (found,) = mars("wp.getComments", "1", ME, {"post_id": 1})

    assert (found["comment_id"], found["post_id"], found["post_title"]) == (str(commented), "1", "A post")
    assert (found["status"], found["type"], found["author_url"]) == ("approve", "pingback", "http://other.example/a")
    assert "Ann says" in found["content"]
    assert mars("wp.getComments", "1", ME, {"status": "approve", "number": 1}) == [found]
    for nothing in ({"status": "hold"}, {"status": "spam"}, {"post_id": 9}, {"offset": 1}, {"status": "?"}):
        assert mars("wp.getComments", "1", ME, nothing) == []


@pytest.mark.parametrize(
    ("status", "becomes"), [("hold", "held"), ("spam", "spam"), ("trash", "deleted"), ("approve", "shown")]
)
def test_a_comments_status_is_set(mars: App, services: WebServices, commented: int, status: str, becomes: str) -> None:
    known = mars("wp.getComments", "1", ME)[0]

    assert mars("wp.editComment", "1", ME, str(commented), known | {"status": status}) is True

    assert state(services, commented) == becomes
    wanted = {} if status == "approve" else {"status": status}
    assert [one["status"] for one in mars("wp.getComments", "1", ME, wanted)] == [status]


@pytest.mark.one_database
def test_a_status_that_no_comment_has_is_refused(mars: App, services: WebServices, commented: int) -> None:
    with pytest.raises(Fault, match="There is no comment status “approved”") as refused:
        mars("wp.editComment", "1", ME, commented, {"status": "approved"})

    assert (refused.value.faultCode, state(services, commented)) == (400, "shown")


def test_the_words_of_others_cannot_be_changed(mars: App, services: WebServices, commented: int) -> None:
    with pytest.raises(Fault) as refused:
        mars("wp.editComment", "1", ME, commented, {"content": "Other words", "status": "spam"})

    assert (refused.value.faultCode, state(services, commented)) == (400, "shown")


def test_new_words_wait_beside_approved_ones_and_approving_takes_them(
    mars: App, services: WebServices, commented: int, web: Web, clock: Clock
) -> None:
    mars("wp.editComment", "1", ME, commented, {"status": "spam"})
    mars("wp.editComment", "1", ME, commented, {"status": "approve"})
    web.put(
        "http://other.example/a", '<p>Bob writes now: <a href="http://blog.example/posts/a-post">this</a> is new.</p>'
    )
    clock.move(days=8)
    services.runner.run_due()

    [waiting] = mars("wp.getComments", "1", ME, {"status": "hold"})
    [shown] = mars("wp.getComments", "1", ME, {"status": "approve"})
    assert ("Bob writes" in waiting["content"], "Ann says" in shown["content"]) == (True, True)
    assert [one["status"] for one in mars("wp.getComments", "1", ME)] == ["hold"]

    mars("wp.editComment", "1", ME, commented, {"status": "approve"})
    [shown] = mars("wp.getComments", "1", ME)
    assert ("Bob writes" in shown["content"], shown["status"]) == (True, "approve")


def test_a_comment_is_deleted(mars: App, services: WebServices, commented: int) -> None:
    assert mars("wp.deleteComment", "1", ME, commented) is True

    assert state(services, commented) == "deleted"
    with pytest.raises(Fault) as refused:
        mars("wp.deleteComment", "1", ME, 99)
    assert refused.value.faultCode == 404


@pytest.mark.one_database
def test_what_was_erased_stays_in_the_bin_and_the_app_is_told(mars: App, services: WebServices, commented: int) -> None:
    erase(services.database, [commented], services.clock())
    [known] = mars("wp.getComments", "1", ME, {"status": "trash"})

    for method, *params in (("wp.editComment", known | {"status": "approve"}), ("wp.deleteComment",)):
        with pytest.raises(Fault, match="was erased; nothing of it is left") as refused:
            mars(method, "1", ME, commented, *params)
        assert refused.value.faultCode == 400

    assert state(services, commented) == "deleted"


def test_the_bin_as_a_comments_status_needs_the_scope_to_delete(
    make_app: MakeApp, services: WebServices, commented: int
) -> None:
    with pytest.raises(Fault) as refused:
        make_app("update")("wp.editComment", "1", ME, commented, {"status": "trash"})
    assert (refused.value.faultCode, state(services, commented)) == (401, "shown")

    make_app("update", "delete")("wp.editComment", "1", ME, commented, {"status": "trash"})
    assert state(services, commented) == "deleted"


def test_moderating_needs_its_scopes(make_app: MakeApp, commented: int) -> None:
    writer = make_app("create", "draft", "media")

    for method, params in (
        ("wp.getComments", ()),
        ("wp.editComment", (commented, {})),
        ("wp.deleteComment", (commented,)),
    ):
        with pytest.raises(Fault) as refused:
            writer(method, "1", ME, *params)
        assert refused.value.faultCode == 401
