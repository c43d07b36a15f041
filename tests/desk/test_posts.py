"""The list of posts, the bin, history and previews of the desk."""

import re
import time

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from feedserver.posts.model import Writer
from feedserver.services import WebServices
from feedserver.storage import schema
from tests.desk.conftest import filled, form
from tests.support.fixtures import Publish
from tests.support.outside import Clock

ANN = Writer("ann", "desk")


def titles(ann: FlaskClient, query: str = "") -> list[str]:
    return re.findall(r'/edit" dir="auto">([^<]*)<', ann.get(f"/desk/posts{query}").text)


def test_the_list_has_all_posts_by_state_and_words_of_their_titles(
    ann: FlaskClient, services: WebServices, publish: Publish
) -> None:
    publish("Ärger im März", slug="a", date="2026-01-01")
    publish("Draft", slug="b", draft="true", date="2026-01-02")
    publish("Soon", slug="c", date="2027-01-01")
    publish("About", slug="d", page="true", date="2026-01-03")
    publish("Gone", slug="e", date="2026-01-04")
    services.publisher.delete("e")

    assert titles(ann) == ["Soon", "About", "Draft", "Ärger im März"]
    assert titles(ann, "?state=draft") == ["Draft"]
    assert titles(ann, "?state=scheduled") == ["Soon"]
    assert titles(ann, "?state=published") == ["About", "Ärger im März"]
    assert titles(ann, "?state=deleted") == ["Gone"]
    assert titles(ann, "?q=märz+ÄRGER") == ["Ärger im März"]
    assert titles(ann, "?q=%3Cb%3E") == []
    assert [ann.get(f"/desk/posts{query}").status_code for query in ("?state=x", "?page=2", "?page=x")] == [404] * 3


@pytest.mark.one_database
def test_a_list_of_two_thousand_posts_is_short_and_quick(
    ann: FlaskClient, services: WebServices, publish: Publish
) -> None:
    post = publish("A post", slug="p")
    with services.database.write() as connection:
        row = dict(connection.execute(schema.posts.select()).one()._mapping)
        rows = [
            row | {"id": number, "guid": f"urn:{number}", "slug": f"slug-{number}", "title": f"Title {number} " * 6}
            for number in range(post.id + 1, 2001)
        ]
        connection.execute(insert(schema.posts), rows)
    for query in ("", "?page=50", "?q=title", "?q=Title+1999", "?state=published&page=3"):
        ann.get(f"/desk/posts{query}")
        begun = time.thread_time()
        answer = ann.get(f"/desk/posts{query}")

        assert answer.status_code == 200
        assert len(answer.data) <= 30_000
        assert time.thread_time() - begun <= 0.15, "50 ms on an idle machine"


def test_history_compares_and_restores(ann: FlaskClient, services: WebServices, publish: Publish, clock: Clock) -> None:
    publish("First", "One.\n\nSame.", slug="p")
    services.publisher.amend("p", {"title": "Second"}, "Two.\n\nSame.", clock(), ANN)
    services.publisher.amend("p", {}, "Three <b>.\n\nSame.", clock(), ANN)

    listed = ann.get("/desk/posts/p/history").text
    second = ann.get("/desk/posts/p/history/2")
    third = ann.get("/desk/posts/p/history/3?with=1").text

    assert re.findall(r"Revision (\d)</a>", listed) == ["3", "2", "1"]
    assert "One." in second.text
    assert "Two." in second.text
    assert "Three &lt;b&gt;." in third
    restored = ann.post("/desk/posts/p/history/1", data=form(ann.get("/desk/posts/p/history/1"), "/history/1").fields)
    assert restored.headers["Location"].endswith("/desk/posts/p/edit?done=revision-restored")
    assert form(ann.get("/desk/posts/p/edit"), "/p/edit").fields["title"] == "First"
    assert [ann.get(f"/desk/posts/{path}").status_code for path in ("p/history/9", "p/history/x", "q/history")] == [
        404
    ] * 3


def test_an_address_of_a_preview_is_shown_once_and_ended(
    ann: FlaskClient, client: FlaskClient, publish: Publish
) -> None:
    publish("Secret", slug="p", draft="true")
    fields = form(ann.get("/desk/posts/p/history"), "/p/history").fields

    made = ann.post("/desk/posts/p/history", data=filled(fields, {"do": "make"})).text
    (path,) = set(re.findall(r'href="http://blog\.example(/previews/[^"]+)"', made))
    assert "Secret" in client.get(path).text
    assert path not in ann.get("/desk/posts/p/history").text
    ann.post("/desk/posts/p/history", data=filled(fields, {"do": "revoke"}))

    assert client.get(path).status_code == 404


def test_the_bin_says_until_when_and_refuses_what_is_over(
    ann: FlaskClient, services: WebServices, publish: Publish, clock: Clock
) -> None:
    publish("Gone", slug="p")
    services.publisher.delete("p")
    page = ann.get("/desk/bin")
    fields = filled(form(page, "/desk/bin").fields, {"slug": "p"})
    assert "April 7, 2026" in page.text
    clock.move(days=20)
    ann.get("/desk/bin")  # the session goes on
    clock.move(days=11)

    assert "Gone" not in ann.get("/desk/bin").text
    assert ann.post("/desk/bin", data=fields).status_code == 409
    assert ann.get("/desk/posts/p/edit").headers["Location"].endswith("/desk/bin")
