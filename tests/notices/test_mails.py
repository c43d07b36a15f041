"""Mails: one for a burst, the next not soon after, with all that still waits; and a server that is away."""

import re
from datetime import timedelta

import pytest

from feedserver.jobs.retry import PAUSES
from feedserver.notices import mails
from feedserver.notices.model import MAIL
from feedserver.storage import revision
from feedserver.storage.schema import notice_links, notices
from tests.notices.owned import OWNER, Owned, OwnedWith
from tests.support.mail_server import text_of


def test_a_burst_is_one_mail_some_seconds_after_the_first(mailed: Owned) -> None:
    post = mailed.post()
    mailed.comment(post, "The first.")
    mailed.work(seconds=19)
    mailed.comment(post, "The second.")
    mailed.work()
    assert mailed.mails == 0

    mailed.work(seconds=1)

    (mail,) = mailed.mail_server.mails
    assert mail["Subject"] == "[Example Blog] 2 thoughts wait for a look"
    assert "> The first." in text_of(mail)
    assert "> The second." in text_of(mail)
    assert (mailed.rows(notices), mailed.jobs()) == (0, [])


def test_the_next_mail_comes_after_the_pause(mailed: Owned) -> None:
    post = mailed.post()
    mailed.comment(post)
    mailed.tell()
    mailed.comment(post, "Later.")

    mailed.work(seconds=599)
    assert mailed.mails == 1
    mailed.work(seconds=1)

    assert [text_of(mail).count("Decide:") for mail in mailed.mail_server.mails] == [1, 1]
    assert "Later." in text_of(mailed.mail_server.mails[1])


def test_what_was_decided_meanwhile_is_not_mailed(mailed: Owned) -> None:
    post = mailed.post()
    decided, hidden, _ = (mailed.comment(post, text) for text in ("Decided.", "Hidden.", "Waiting."))
    mailed.work()
    mailed.decide(decided, "approve")
    mailed.decide(hidden, "hide")

    mailed.work(seconds=20)

    (mail,) = mailed.mail_server.mails
    assert "1 thought waits" in mail["Subject"]
    assert "Waiting." in text_of(mail)
    assert "Decided." not in text_of(mail)


def test_nothing_is_mailed_when_nothing_waits_any_more(mailed: Owned) -> None:
    thought = mailed.comment(mailed.post())
    mailed.work()
    mailed.decide(thought, "approve")

    mailed.work(seconds=20)

    assert (mailed.mails, mailed.rows(notices), mailed.jobs()) == (0, 0, [])


def test_the_mail_says_whose_it_is_and_how_to_stop_it(mailed: Owned) -> None:
    mailed.comment(mailed.post(title="On the sea"), "Subject: spam\nBcc: x@y.example", name="Eve\u202e")
    mailed.tell()

    (mail,) = mailed.mail_server.mails
    (envelope,) = mailed.mail_server.envelopes

    assert (envelope.mail_from, envelope.rcpt_tos) == ("blog@blog.example", [OWNER])
    assert (mail["From"], mail["To"]) == ("Blog <blog@blog.example>", OWNER)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<http://blog\.example/notices/[\w-]{43}>", mail["List-Unsubscribe"].strip())
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<[0-9a-f-]{36}@blog\.example>", mail["Message-ID"])
    assert re.fullmatch(r"<post-1\.[0-9a-f-]{36}@blog\.example>", mail["References"])
    assert mail["Date"] == "Sun, 08 Mar 2026 12:00:20 +0000"
    assert set(mail.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "References", "Auto-Submitted", "MIME-Version"),
        *("List-Unsubscribe", "List-Unsubscribe-Post", "Content-Type", "Content-Transfer-Encoding"),
    }, "and nothing that a stranger has written"


def test_a_strangers_words_are_quoted_below_a_line_of_our_own(mailed: Owned) -> None:
    mailed.comment(mailed.post(title="On the sea"), "First\nSecond\r\n.\r\nMAIL FROM:<x>" + "\x1b[2J", name="Eve")
    mailed.tell()

    text = text_of(mailed.mail_server.mails[0])

    assert text.splitlines()[0] == "1 thought waits for a look at http://blog.example/"
    assert "1. Eve comments on “On the sea”\n   > First\n   > Second\n" in text
    assert "\x1b" not in text
    assert "   > ." in text


def test_a_mail_lists_fifty_and_counts_the_others(mailed: Owned) -> None:
    post = mailed.post()
    for number in range(53):
        mailed.comment(post, f"Comment {number}.")
    mailed.tell()

    (mail,) = mailed.mail_server.mails

    assert "53 thoughts wait" in mail["Subject"]
    assert text_of(mail).count("Decide:") == 50
    assert "And 3 more." in text_of(mail)
    assert (mailed.rows(notices), mailed.rows(notice_links)) == (0, 51)


def test_a_server_that_is_away_loses_nothing(mailed: Owned) -> None:
    post = mailed.post()
    mailed.comment(post, "Early.")
    mailed.mail_server.stop()
    mailed.tell()
    (job,) = mailed.jobs()
    assert (job.kind, job.attempts) == (MAIL, 1)
    assert job.run_at - mailed.clock() < timedelta(seconds=60)
    assert "cannot be reached" in (job.last_error or "")
    assert mailed.rows(notice_links) == 0, "nobody has got an address"

    mailed.comment(post, "Late.")
    mailed.work(seconds=60)
    mailed.mail_server.start()
    mailed.work(seconds=200)

    (mail,) = mailed.mail_server.mails
    assert "2 thoughts wait" in mail["Subject"]
    assert mailed.jobs() == []


@pytest.mark.parametrize("answer", ["451 later", "550 not here"])
def test_a_server_that_refuses_is_asked_again(mailed: Owned, answer: str) -> None:
    mailed.comment(mailed.post())
    mailed.mail_server.answer = lambda _: answer
    mailed.tell()
    (job,) = mailed.jobs()
    assert f"answers {answer}" in (job.last_error or "")

    mailed.mail_server.answer = lambda _: "250 taken"
    mailed.work(seconds=50)

    assert mailed.mails == 1


def test_a_mail_that_may_have_been_sent_comes_again_as_it_was(mailed: Owned) -> None:
    """The answer to all of it is lost, then the server refuses it, then takes it: one mail to whoever reads it."""
    post = mailed.post()
    mailed.comment(post, "Sent.")
    mailed.work()
    mailed.mail_server.close_after_taking = True
    mailed.work(seconds=20)
    mailed.comment(post, "New.")
    mailed.mail_server.answer = lambda _: "451 later"
    mailed.work(seconds=60)

    mailed.mail_server.answer = lambda _: "250 taken"
    mailed.work(seconds=200)
    mailed.work(seconds=600)

    first, again, then = mailed.mail_server.mails
    assert first["Message-ID"] == again["Message-ID"] != then["Message-ID"]
    assert ["New." in text_of(mail) for mail in (first, again, then)] == [False, False, True]
    addresses = [re.findall(r"Decide: http://blog\.example(\S+)", text_of(mail))[0] for mail in (first, again)]
    assert [mailed.client.get(address).status_code for address in addresses] == [200, 200], "whichever was read"


def test_it_is_given_up_after_two_days_and_what_is_new_goes_on(mailed: Owned) -> None:
    post = mailed.post()
    mailed.comment(post, "Old.")
    mailed.mail_server.stop()
    mailed.tell()
    for pause in PAUSES[:-1]:
        mailed.work(seconds=pause.total_seconds() * 1.25)
    mailed.comment(post, "New.")
    mailed.work(seconds=PAUSES[-1].total_seconds() * 1.25)

    mailed.mail_server.start()
    mailed.work(hours=1)

    (mail,) = mailed.mail_server.mails
    assert "New." in text_of(mail)
    assert "Old." not in text_of(mail)
    assert "given up" not in text_of(mail), "a channel that fails is no news for itself"


def test_a_restored_site_mails_nothing_until_it_is_the_real_one(mailed: Owned) -> None:
    post = mailed.post()
    mailed.comment(post)
    mailed.work()
    with mailed.services.database.write() as connection:
        revision.mark_restored(connection, mailed.clock())
    mailed.comment(post)
    mailed.work(minutes=5)
    assert mailed.mails == 0

    with mailed.services.database.write() as connection:
        revision.resume(connection)
    mailed.tell()
    mailed.work(minutes=10)

    assert sum(text_of(mail).count("Decide:") for mail in mailed.mail_server.mails) == 2


def test_news_are_passed_over_where_nobody_is_told(owned_with: OwnedWith) -> None:
    silent = owned_with(mail_to="", notices_webhook="")
    silent.comment(silent.post())
    silent.work(hours=1)
    assert (silent.rows(notices), silent.jobs()) == (0, [])

    silent.services.gatherer.clean(silent.clock())
    told = owned_with()
    told.tell()

    assert told.mails == 0, "what was before is no news"


def test_mails_that_were_stopped_come_again_when_they_are_turned_on(mailed: Owned) -> None:
    post = mailed.post()
    with mailed.services.database.write() as connection:
        mails.stop(connection, mailed.services.settings, mailed.clock())
    mailed.comment(post, "Unheard.")
    mailed.tell()
    assert (mailed.mails, mailed.rows(notices)) == (0, 0)

    with mailed.services.database.write() as connection:
        mails.resume(connection, mailed.services.settings)
    mailed.comment(post, "Heard.")
    mailed.tell()

    (mail,) = mailed.mail_server.mails
    assert ("Heard." in text_of(mail), "Unheard." in text_of(mail)) == (True, False)


def test_mails_to_another_address_are_not_those_that_were_stopped(owned_with: OwnedWith, mailed: Owned) -> None:
    post = mailed.post()
    with mailed.services.database.write() as connection:
        mails.stop(connection, mailed.services.settings, mailed.clock())
    other = owned_with(mail_to="ben@blog.example", notices_webhook="")

    other.comment(post)
    other.tell()

    assert [envelope.rcpt_tos for envelope in other.mail_server.envelopes] == [["ben@blog.example"]]
