"""Addresses in mails: a GET shows, one POST acts, once; what was used or overtaken says what happened meanwhile."""

import re
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from feedserver.storage.schema import notice_links
from feedserver.thoughts.moderation import actions, erase
from tests.feeds.happenings import respond, says
from tests.notices.owned import Owned, OwnedWith
from tests.support.mail_server import text_of

HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


def links(owned: Owned, mail: int = -1) -> list[str]:
    """The paths of the addresses of thoughts in a mail."""
    return re.findall(r"Decide: http://blog\.example(/\S+)", text_of(owned.mail_server.mails[mail]))


def stop_link(owned: Owned) -> str:
    return str(owned.mail_server.mails[-1]["List-Unsubscribe"]).strip(" <>").removeprefix("http://blog.example")


def press(owned: Owned, path: str, action: str) -> TestResponse:
    """Opens the address, and presses the button."""
    page = owned.client.get(path).text
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert f'value="{action}"' in page
    return owned.client.post(path, data={"action": action} | ({"seen": seen[1]} if seen else {}))


@pytest.mark.parametrize(("action", "state"), [("approve", "shown"), ("spam", "spam"), ("delete", "deleted")])
def test_one_post_acts_once(mailed: Owned, action: str, state: str) -> None:
    thought = mailed.comment(mailed.post(), "Well <b>said</b>.", name="Eve & Co")
    mailed.tell()
    (path,) = links(mailed)
    page = mailed.client.get(path)
    assert "Well &lt;b&gt;said&lt;/b&gt;." in page.text
    assert "Eve &amp; Co" in page.text
    (style,) = re.findall(r'<link rel="stylesheet" href="http://blog\.example([^"]+)"', page.text)
    with mailed.client.get(style) as answer:
        assert answer.status_code == 200
    assert 'value="hide"' not in page.text, "it is hidden"

    assert press(mailed, path, action).status_code == 200
    again = mailed.client.post(path, data={"action": "approve", "seen": "x"})

    assert mailed.thought(thought).state == state
    assert (again.status_code, mailed.client.get(path).status_code) == (409, 409)
    assert {"approve": "It was approved", "spam": "marked as spam", "delete": "It was deleted"}[action] in again.text


def test_the_act_is_undone_as_any(mailed: Owned) -> None:
    thought = mailed.comment(mailed.post())
    mailed.tell()
    (path,) = links(mailed)
    press(mailed, path, "spam")

    actions.undo(mailed.services.database, mailed.clock())

    assert mailed.thought(thought).state == "held"
    assert mailed.client.get(path).status_code == 409, "it has acted once"


def test_no_get_or_head_acts_and_no_answer_is_kept(mailed: Owned) -> None:
    thought = mailed.comment(mailed.post())
    mailed.tell()
    (path,) = links(mailed)
    for link in (path, stop_link(mailed), "/notices/invented"):
        for ask in (mailed.client.get, mailed.client.head):
            response = ask(link + "?action=approve&List-Unsubscribe=One-Click", headers={"Sec-Purpose": "prefetch"})
            assert {name: response.headers[name] for name in HEADERS} == HEADERS
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]

    assert mailed.thought(thought).state == "held"
    mailed.comment(mailed.post("b"))
    mailed.work(minutes=11)
    assert mailed.mails == 2


@pytest.mark.parametrize("token", ["x", "a" * 43, "é", "%00", "a" * 5000])
def test_what_was_never_issued_is_404(mailed: Owned, token: str) -> None:
    assert mailed.client.get(f"/notices/{token}").status_code == 404
    assert mailed.client.post(f"/notices/{token}", data={"action": "approve"}).status_code == 404


def test_the_form_of_what_was_never_issued_is_not_read(mailed: Owned) -> None:
    many = mailed.client.post("/notices/x", data="a&" * 2_000, content_type="application/x-www-form-urlencoded")

    assert many.status_code == 404


@pytest.mark.parametrize("data", [{}, {"action": "erase"}, {"action": "hide"}, {"action": "approve"}])
def test_a_form_that_was_not_shown_does_nothing(mailed: Owned, data: dict[str, str]) -> None:
    thought = mailed.comment(mailed.post())
    mailed.tell()

    assert mailed.client.post(links(mailed)[0], data=data).status_code in (400, 409)
    assert mailed.thought(thought).state == "held"


def test_what_somebody_else_decided_is_told(mailed: Owned) -> None:
    thought = mailed.comment(mailed.post())
    mailed.tell()
    page = mailed.client.get(links(mailed)[0]).text
    mailed.decide(thought, "hide")

    answer = mailed.client.post(links(mailed)[0], data={"action": "approve", "seen": seen_in(page)})

    assert (answer.status_code, "Meanwhile it was hidden." in answer.text) == (409, True)
    assert mailed.thought(thought).state == "held"


def seen_in(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found
    return found[1]


def test_words_that_changed_since_they_were_shown_are_not_approved(owned_with: OwnedWith) -> None:
    owned = owned_with(notices_webhook="", moderation_pingbacks="hold")
    thought = respond(owned.services, owned.post(), "reply", words="Kind words.", state="held")
    owned.tell()
    (path,) = links(owned)
    page = owned.client.get(path).text
    says(owned.services, owned.thought(thought), replace(thought.content, excerpt="Buy pills."), "held")

    answer = owned.client.post(path, data={"action": "approve", "seen": seen_in(page)})

    assert (answer.status_code, owned.thought(thought).state) == (409, "held")
    assert press(owned, path, "approve").status_code == 200, "the address is as good as before"


def test_new_words_are_shown_beside_those_that_were_approved(mailed: Owned) -> None:
    thought = respond(mailed.services, mailed.post(), "reply", words="As approved.")
    mailed.decide(thought, "approve")
    says(mailed.services, mailed.thought(thought), replace(thought.content, excerpt="Changed since."))
    mailed.tell()
    (path,) = links(mailed)
    page = mailed.client.get(path).text
    assert ("As approved." in page, "Changed since." in page) == (True, True)

    assert press(mailed, path, "approve").status_code == 200

    assert mailed.thought(thought).excerpt == "Changed since."


def test_an_address_is_good_for_fourteen_days(mailed: Owned) -> None:
    thought = mailed.comment(mailed.post())
    mailed.tell()
    (path,) = links(mailed)
    page = mailed.client.get(path).text

    mailed.clock.move(days=14)

    assert mailed.client.get(path).status_code == 410
    assert mailed.client.post(path, data={"action": "approve", "seen": seen_in(page)}).status_code == 410
    assert mailed.thought(thought).state == "held"


def test_addresses_are_folded_some_time_later(mailed: Owned) -> None:
    mailed.comment(mailed.post())
    mailed.tell()
    assert mailed.rows(notice_links) == 2

    mailed.services.gatherer.clean(mailed.clock.move(days=45))
    assert mailed.rows(notice_links) == 1
    mailed.services.gatherer.clean(mailed.clock.move(days=50))
    assert mailed.rows(notice_links) == 0


def test_tokens_are_stored_as_hashes(mailed: Owned) -> None:
    mailed.comment(mailed.post())
    mailed.tell()
    tokens = [path.rpartition("/")[2] for path in (*links(mailed), stop_link(mailed))]

    with mailed.services.database.read() as connection:
        stored = str(connection.execute(notice_links.select()).all())

    assert len(tokens) == 2
    assert not [token for token in tokens if token in stored]


@pytest.mark.parametrize("data", [{"List-Unsubscribe": "One-Click"}, {"action": "stop"}])
def test_mails_stop_by_the_address_that_says_so(mailed: Owned, data: dict[str, str]) -> None:
    """RFC 8058 section 3.2; and by hand."""
    post = mailed.post()
    mailed.comment(post)
    mailed.tell()
    path = stop_link(mailed)
    assert "The mails go on until you press this button." in mailed.client.get(path).text

    assert "The mails have been stopped" in mailed.client.post(path, data=data).text
    mailed.comment(post)
    mailed.work(minutes=11)

    assert mailed.mails == 1
    assert mailed.client.post(path, data=data).status_code == 409


def test_an_address_of_a_thought_stops_no_mails(mailed: Owned) -> None:
    mailed.comment(mailed.post())
    mailed.tell()

    assert mailed.client.post(links(mailed)[0], data={"List-Unsubscribe": "One-Click"}).status_code == 404


def test_an_address_of_former_mails_stops_none_of_another_address(mailed: Owned, owned_with: OwnedWith) -> None:
    mailed.comment(mailed.post())
    mailed.tell()
    other = owned_with(mail_to="ben@blog.example", notices_webhook="")

    assert other.client.post(stop_link(mailed), data={"List-Unsubscribe": "One-Click"}).status_code == 409


def test_of_an_erased_thought_nothing_is_shown(mailed: Owned) -> None:
    thought = mailed.comment(mailed.post(), "My secret.")
    mailed.tell()
    erase.erase(mailed.services.database, [thought.id], mailed.clock(), None)

    page = mailed.client.get(links(mailed)[0])

    assert (page.status_code, "My secret." in page.text) == (409, False)
