"""`feedserver notice test`: a mail and an event, and what came of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from feedserver.clock import utc_now
from feedserver.notices import channels
from feedserver.storage import revision
from feedserver.storage.engine import Database
from tests.cli.conftest import Run
from tests.notices.hook import Hook, is_signed
from tests.support.mail_server import MailServer, text_of
from tests.support.subscribers import say


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture
def told(site: Path, mail_server: MailServer, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site that tells its owner in both ways."""
    for name, value in {
        "MAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "MAIL_TO": "ann@blog.example",
        "NOTICES_WEBHOOK": hook.url,
        "NOTICES_SECRET": "s3cret",
        "EGRESS_ALLOW": "127.0.2.0/24",
        "EGRESS_PORTS": "*",
    }.items():
        monkeypatch.setenv(f"FEEDSERVER_{name}", value)
    return site


@pytest.mark.usefixtures("site")
def test_where_nothing_is_set_that_is_told(run: Run) -> None:
    done = run("notice", "test")

    assert (done.status, done.out) == (1, [])
    assert done.err == ["feedserver: nothing is set: mail.url and mail.to, or notices.webhook"]


@pytest.mark.usefixtures("told")
def test_one_of_each_is_sent(run: Run, mail_server: MailServer, hook: Hook) -> None:
    done = run("notice", "test")

    assert (done.status, done.err) == (0, [])
    assert done.out == ["mail to ann@blog.example: the mail server has taken it", "webhook: taken"]
    assert "feedserver notice test" in text_of(mail_server.mails[0])
    (event,) = hook.events
    assert (event["event"], event["thought"], event["job"]) == ("test", None, None)
    assert is_signed(hook.requests[0])


@pytest.mark.usefixtures("told")
def test_what_fails_is_told_and_the_other_is_tried_all_the_same(run: Run, mail_server: MailServer, hook: Hook) -> None:
    mail_server.stop()
    hook.answer = say(503)

    done = run("notice", "test")

    assert done.status == 1
    assert "cannot be reached" in done.err[0]
    assert done.err[1] == "feedserver: webhook: the webhook answered 503"


@pytest.mark.usefixtures("told")
def test_no_mail_goes_where_somebody_has_stopped_them(run: Run, database: Database, mail_server: MailServer) -> None:
    with database.write() as connection:
        channels.change(connection, "mail", "ann@blog.example", ended_at=utc_now())

    done = run("notice", "test")

    assert (done.status, done.out, mail_server.mails) == (1, ["webhook: taken"], [])
    assert done.err == ["feedserver: mail to ann@blog.example: was stopped there; /desk/site turns it on again"]


@pytest.mark.usefixtures("told")
def test_a_restored_site_sends_nothing(run: Run, database: Database, mail_server: MailServer, hook: Hook) -> None:
    with database.write() as connection:
        revision.mark_restored(connection, utc_now())

    done = run("notice", "test")

    assert (done.status, mail_server.mails, hook.requests) == (1, [], [])
    assert "feedserver resume" in done.err[0]


@pytest.mark.usefixtures("told")
def test_doctor_signs_in_and_asks_where_the_webhook_leads(
    run: Run, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = {line.split()[1]: line.split()[0] for line in run("doctor").out}
    mail_server.stop()
    monkeypatch.setenv("FEEDSERVER_EGRESS_ALLOW", "")

    wrong = {line.split()[1]: line for line in run("doctor").out}

    assert (fine["mail"], fine["webhook"]) == ("ok", "ok")
    assert "cannot be reached" in wrong["mail"]
    assert "egress.allow" in wrong["webhook"]


@pytest.mark.usefixtures("told")
def test_doctor_tells_half_of_the_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSERVER_MAIL_TO", "")

    assert "wrong mail          none is sent, as mail.to is not set: set mail.to" in run("doctor").out
