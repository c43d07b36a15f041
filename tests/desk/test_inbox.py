"""The inbox: what waits, with all that a moderator decides by."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.desk import inbox_list
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.thoughts import store
from feedserver.thoughts.deletion import delete_all
from feedserver.thoughts.model import State, Thought
from feedserver.thoughts.moderation import erase, hosts
from tests.conftest import SITE
from tests.desk.conftest import Form, forms
from tests.feeds.happenings import link, of_id, respond, say, says
from tests.support.fixtures import Publish
from tests.support.moderating import moderate
from tests.support.outside import Clock

BUTTON = '<button name="action"'


@pytest.fixture
def post(publish: Publish) -> Post:
    return publish("Fog & <sea>", slug="fog")


def inbox(browser: FlaskClient, **filters: object) -> TestResponse:
    page = browser.get("/desk?" + urlencode(filters))
    assert page.status_code == 200
    return page


def form_of(page: TestResponse, thought: Thought) -> Form:
    """The form of one thought."""
    (found,) = [one for one in forms(page) if one.fields.get("thought", "").startswith(f"{thought.id}.")]
    return found


def decide(browser: FlaskClient, action: str, *thoughts: Thought, page: TestResponse | None = None) -> TestResponse:
    """Ticks some thoughts of a page, by default of the whole inbox, and presses a button below them."""
    page = page or inbox(browser, state="all")
    keys = [form_of(page, thought).fields["thought"] for thought in thoughts]
    fields = form_of(page, thoughts[0]).fields
    fields.setlist("thought", keys)
    return browser.post("/desk/thoughts", data={**fields.to_dict(flat=False), "action": action})


def undo(browser: FlaskClient) -> TestResponse:
    (found,) = [one for one in forms(inbox(browser)) if "act" in one.fields]
    return browser.post("/desk/undo", data=found.fields)


def state_of(services: WebServices, thought: Thought) -> State:
    return of_id(services, thought.id).state


def test_an_empty_inbox_says_so(author: FlaskClient) -> None:
    assert "Nothing waits for you" in inbox(author).text


def test_a_thought_that_waits_stands_there_with_who_where_from_and_what_it_says(
    author: FlaskClient, services: WebServices, post: Post
) -> None:
    waiting = respond(services, post, "reply", "Cleo", "Words of <b>Cleo</b>.", state="held")
    say(services, post, "Shown already.", state="shown")

    page = inbox(author).text

    assert "<bdi>Cleo</bdi> replied to" in page
    assert "Words of &lt;b&gt;Cleo&lt;/b&gt;." in page
    assert "Fog &amp; &lt;sea&gt;" in page
    assert f'href="{waiting.source}"' in page
    assert f'href="{services.urls.receipt(waiting.receipt_token or "")}"' in page
    assert "cleo.example" in page
    assert "1 thought waits for you" in page
    assert "Shown already." not in page


def test_a_comment_has_its_email(author: FlaskClient, services: WebServices, post: Post) -> None:
    with services.database.write() as connection:
        store.add_comment(
            connection, post_id=post.id, state="held", reason="waits for approval", name="Rita",
            email="rita@mail.example", website="", text="Well.", submission="s", now=services.clock(),
        )  # fmt: skip

    assert "rita@mail.example" in inbox(author).text


def test_places_are_blocked_and_trusted_only_where_a_thought_comes_from_one(
    author: FlaskClient, services: WebServices, post: Post
) -> None:
    say(services, post, state="held")
    rules = ('value="block"', 'value="trust"')
    assert not any(rule in inbox(author).text for rule in rules)

    respond(services, post, "reply", "Cleo", state="held")

    assert [inbox(author).text.count(rule) for rule in rules] == [2, 2], "its own, and those for all that are ticked"


def test_new_words_beside_approved_ones_wait_with_both_texts(
    author: FlaskClient, services: WebServices, post: Post
) -> None:
    thought = link(services, post, "https://other.example/a", "Kind words that were approved.")
    says(services, thought, replace(thought.content, excerpt="Pills, and nothing else."))

    page = inbox(author)

    assert "Kind words that were approved." in page.text
    assert "Pills, and nothing else." in page.text
    decide(author, "approve", thought, page=page)
    assert of_id(services, thought.id).excerpt == "Pills, and nothing else."


@pytest.mark.parametrize(
    ("action", "state"), [("approve", "shown"), ("spam", "spam"), ("hide", "held"), ("delete", "deleted")]
)
def test_a_decision_is_carried_out_and_can_be_taken_back(
    author: FlaskClient, services: WebServices, post: Post, action: str, state: str
) -> None:
    thought = say(services, post, state="held")

    answer = decide(author, action, thought)

    assert answer.status_code == 303
    assert state_of(services, thought) == state
    assert "Nothing waits for you" in inbox(author).text
    assert "Taken back." in author.get(undo(author).location.removeprefix(SITE)).text
    assert state_of(services, thought) == "held"
    assert "1 thought waits for you" in inbox(author).text


def test_many_are_decided_on_at_once_and_taken_back_as_a_whole(
    author: FlaskClient, services: WebServices, post: Post
) -> None:
    thoughts = [say(services, post, f"Comment {number}.", state="held") for number in range(4)]

    decide(author, "spam", *thoughts[:3])

    assert [state_of(services, thought) for thought in thoughts] == ["spam", "spam", "spam", "held"]
    assert "<strong>spam</strong>, 3 thoughts" in inbox(author).text
    undo(author)
    assert {state_of(services, thought) for thought in thoughts} == {"held"}


def test_each_account_takes_back_its_own_last_act(
    author: FlaskClient, bob: FlaskClient, services: WebServices, post: Post
) -> None:
    one, another = (say(services, post, f"Comment {number}.", state="held") for number in range(2))
    decide(author, "spam", one)
    decide(bob, "delete", another)

    undo(author)

    assert (state_of(services, one), state_of(services, another)) == ("held", "deleted")


def test_an_undo_that_is_sent_twice_takes_back_one_act(author: FlaskClient, services: WebServices, post: Post) -> None:
    one, another = (say(services, post, f"Comment {number}.", state="held") for number in range(2))
    decide(author, "spam", one)
    decide(author, "spam", another)
    (found,) = [form for form in forms(inbox(author)) if "act" in form.fields]

    answers = [author.post("/desk/undo", data=found.fields) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert "may have been undone already" in answers[1].text
    assert (state_of(services, one), state_of(services, another)) == ("spam", "held")


def test_a_stale_undo_takes_back_no_act_that_has_come_since(
    author: FlaskClient, services: WebServices, post: Post, clock: Clock
) -> None:
    one, another = (say(services, post, f"Comment {number}.", state="held") for number in range(2))
    decide(author, "spam", one)
    (stale,) = [form for form in forms(inbox(author)) if "act" in form.fields]
    undo(author)
    clock.move(seconds=0.001)
    decide(author, "delete", another)

    answer = author.post("/desk/undo", data=stale.fields)

    assert (answer.status_code, state_of(services, another)) == (409, "deleted")


@pytest.mark.one_database
@pytest.mark.parametrize("action", ["block", "trust"])
def test_a_stale_page_sets_no_rule_for_a_place_that_was_not_read(
    author: FlaskClient, services: WebServices, post: Post, action: str
) -> None:
    spammer = respond(services, post, "reply", "Cleo", "Words.", state="held")
    page = inbox(author, state="all")
    with services.database.write() as connection:
        delete_all(connection, [spammer.id])
    friend = respond(services, post, "reply", "Dora", "Words.", state="held")
    assert friend.id == spammer.id, "SQLite gives an id that is free once more"

    answer = decide(author, action, spammer, page=page)

    assert (answer.status_code, rules(services)) == (409, {})


def test_what_somebody_else_has_decided_meanwhile_stays_and_is_told(
    author: FlaskClient, bob: FlaskClient, services: WebServices, post: Post
) -> None:
    one, another = (say(services, post, f"Comment {number}.", state="held") for number in range(2))
    page = inbox(author, state="all")
    decide(bob, "spam", one)

    answer = decide(author, "approve", one, another, page=page)

    assert answer.status_code == 409
    assert f"Thought {one.id} has changed meanwhile: it is spam now (not wanted here, by bob)." in answer.text
    assert (state_of(services, one), state_of(services, another)) == ("spam", "shown")


def test_a_form_that_is_sent_twice_decides_once(author: FlaskClient, services: WebServices, post: Post) -> None:
    thought = say(services, post, state="held")
    page = inbox(author, state="all")

    answers = [decide(author, "approve", thought, page=page) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    undo(author)
    assert state_of(services, thought) == "held"


def test_words_that_changed_since_they_were_read_are_not_approved(
    author: FlaskClient, services: WebServices, post: Post
) -> None:
    thought = respond(services, post, "reply", words="Harmless words.", state="held")
    page = inbox(author, state="all")
    says(services, thought, replace(thought.content, excerpt="Pills, and nothing else."))

    answer = decide(author, "approve", thought, page=page)

    assert answer.status_code == 409
    assert "Pills, and nothing else." in answer.text, "the page shows them"
    assert state_of(services, thought) == "held"


def test_a_place_is_blocked_or_trusted_and_that_is_taken_back_too(
    author: FlaskClient, services: WebServices, post: Post
) -> None:
    thoughts = [respond(services, post, "reply", name, "Words.", state="held") for name in ("Cleo", "Dora")]

    decide(author, "block", *thoughts)

    assert rules(services) == {"cleo.example": "block", "dora.example": "block"}
    assert "<strong>blocked</strong>" in inbox(author).text
    assert state_of(services, thoughts[0]) == "held", "the rule is for what comes"
    decide(author, "trust", thoughts[0])
    assert rules(services) == {"cleo.example": "trust", "dora.example": "block"}
    undo(author)
    undo(author)
    assert rules(services) == {}


def test_comments_come_from_no_place(author: FlaskClient, services: WebServices, post: Post) -> None:
    comment = say(services, post, state="held")

    answer = decide(author, "block", comment)

    assert answer.status_code == 409
    assert "come from no place" in answer.text
    assert rules(services) == {}


def test_the_filters_are_those_of_thought_list(
    author: FlaskClient, services: WebServices, post: Post, publish: Publish
) -> None:
    other = publish("Another", slug="another")
    respond(services, post, "reply", "Cleo", "Words of Cleo.", state="held")
    respond(services, other, "reply", "Dora", "Words of Dora.")
    say(services, other, "Words of Bob.", state="spam")

    def told(**filters: object) -> set[str]:
        page = inbox(author, **filters).text
        return {name for name in ("Cleo", "Dora", "Bob") if f"Words of {name}." in page}

    assert told() == {"Cleo"}
    assert told(state="shown") == {"Dora"}
    assert told(state="all") == {"Cleo", "Dora", "Bob"}
    assert told(state="all", post="another") == {"Dora", "Bob"}
    assert told(state="all", host="CLEO.example") == {"Cleo"}
    assert told(state="all", host="dora.example", post="fog") == set()
    assert told(state="all", page="999999") == {"Cleo", "Dora", "Bob"}, "beyond the last page stands the last"
    assert told(state="nonsense", page="-1") == {"Cleo"}


@pytest.mark.parametrize(
    ("query", "status", "line"),
    [("host=a@b", 400, "is not a host"), ("host=..", 400, "is not a host"), ("post=none", 404, "No post has")],
)
def test_a_filter_that_cannot_be_is_told_in_a_line(author: FlaskClient, query: str, status: int, line: str) -> None:
    page = author.get(f"/desk?{query}")

    assert page.status_code == status
    assert line in page.text


def test_all_of_a_host_are_decided_on_but_for_what_has_come_since(
    author: FlaskClient, services: WebServices, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_list, "ON_A_PAGE", 1)
    seen = [respond(services, post, "reply", "Cleo", f"Words {number}.", state="held") for number in range(3)]
    comment = say(services, post, state="held")
    (found,) = [form for form in forms(inbox(author, host="cleo.example")) if form.action.endswith("/thoughts/all")]
    later = respond(services, post, "reply", "Cleo", "More words.", state="held")

    assert author.post("/desk/thoughts/all", data=found.fields | {"action": "spam"}).status_code == 303

    assert {state_of(services, thought) for thought in seen} == {"spam"}
    assert (state_of(services, later), state_of(services, comment)) == ("held", "held")
    undo(author)
    assert {state_of(services, thought) for thought in seen} == {"held"}


def test_pages_follow_one_another(
    author: FlaskClient, services: WebServices, post: Post, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(inbox_list, "ON_A_PAGE", 2)
    for number in range(5):
        clock.move(minutes=1)
        say(services, post, f"Comment {number}.", state="held")

    pages = [inbox(author, page=number).text for number in (1, 2, 3)]

    found = [[number for number in range(5) if f"Comment {number}." in page] for page in pages]
    assert found == [[3, 4], [1, 2], [0]]
    assert "Page 3 of 3" in pages[2]


def test_long_texts_are_cut_in_the_list_and_whole_on_a_page_of_their_own(
    author: FlaskClient, services: WebServices, post: Post
) -> None:
    thought = say(services, post, "Longer and longer. " * 500 + "The end.", state="held")
    short = say(services, post, "A short one.", state="held")

    page = inbox(author).text

    assert "The end." not in page
    assert f'href="{services.urls.desk(f"/thoughts/{thought.id}")}">All of it' in page
    assert "A short one." in page
    assert len(page.encode()) < 30_000
    assert "The end." in author.get(f"/desk/thoughts/{thought.id}").text
    assert author.get(f"/desk/thoughts/{short.id}").status_code == 200


@pytest.mark.parametrize("path", ["/desk/thoughts/4711", "/desk/thoughts/99999999999999999999", "/desk/thoughts/-1"])
def test_a_thought_that_is_not_there_is_404(author: FlaskClient, path: str) -> None:
    assert author.get(path).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"thought": "1.x", "action": "explode"}, 400),
        ({"thought": "x", "action": "spam"}, 400),
        ({"thought": "9" * 30, "action": "spam"}, 400),
        ({"thought": "4711.x", "action": "spam"}, 409),
        ({"action": "spam"}, 400),
    ],
)
def test_forms_that_no_page_holds_change_nothing(
    author: FlaskClient, services: WebServices, post: Post, fields: dict[str, str], status: int
) -> None:
    thought = say(services, post, state="held")
    token = form_of(inbox(author), thought).fields["form_token"]

    assert author.post("/desk/thoughts", data={"form_token": token} | fields).status_code == status

    assert state_of(services, thought) == "held"


def test_a_form_from_elsewhere_or_without_its_token_changes_nothing(
    author: FlaskClient, services: WebServices, post: Post
) -> None:
    thought = say(services, post, state="held")
    fields = form_of(inbox(author), thought).fields | {"action": "approve"}

    crossing = author.post("/desk/thoughts", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    forged = author.post("/desk/thoughts", data={**fields, "form_token": "x"})
    author.get("/desk/thoughts?" + urlencode({**fields}), headers={"Sec-Purpose": "prefetch"})

    assert (crossing.status_code, forged.status_code) == (403, 403)
    assert state_of(services, thought) == "held"


def test_nothing_that_strangers_write_leaves_its_place(author: FlaskClient, services: WebServices, post: Post) -> None:
    hostile = '"><script>alert(1)</script>\u202e'
    thought = respond(services, post, "reply", "Eve", hostile * 20, url="https://eve.example/", state="held")
    says(services, thought, replace(thought.content, author_name=hostile * 25, title=hostile), "held")

    page = inbox(author).text

    assert "<script>alert" not in page
    assert len(page.encode()) < 30_000
    assert hostile not in page


def test_reactions_and_erased_thoughts_are_shown_too(author: FlaskClient, services: WebServices, post: Post) -> None:
    like = respond(services, post, "like", "Cleo", state="held")
    gone = say(services, post, "Erase me.", state="held")
    moderate(services.database, gone.id, "delete", services.clock())

    page = inbox(author, state="all").text

    assert "<bdi>Cleo</bdi> liked" in page
    assert f"thought-{like.id}" in page
    assert f"thought-{gone.id}" in page


def test_on_an_erased_thought_nothing_is_left_to_decide(author: FlaskClient, services: WebServices, post: Post) -> None:
    thought = say(services, post, "Erase me.", state="held")
    path = f"/desk/thoughts/{thought.id}"
    assert BUTTON in author.get(path).text

    erase.erase(services.database, [thought.id], services.clock())

    page = author.get(path).text
    assert "erased" in page
    assert BUTTON not in page


def rules(services: WebServices) -> dict[str, str]:
    with services.database.read() as connection:
        return dict(hosts.rules(connection))
