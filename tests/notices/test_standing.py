"""How the channels stand, as the desk, `doctor` and the start of a server tell it."""

import pytest

from feedserver.jobs import failures
from feedserver.notices.standing import Standing, remarks, standings
from feedserver.settings import MailSettings, NoticesSettings, Settings
from tests.notices.owned import Owned
from tests.support.subscribers import say

URL, TO, HOOK = "smtp://mail.example", "ann@blog.example", "https://hook.example/"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(), []),
        (Settings(mail=MailSettings(URL, "", TO), notices=NoticesSettings(HOOK, "s3cret")), []),
        (Settings(mail=MailSettings(URL)), ["no mail is sent, as mail.to is not set"]),
        (Settings(mail=MailSettings(to=TO)), ["no mail is sent, as mail.url is not set"]),
        (
            Settings(notices=NoticesSettings(HOOK)),
            ["what notices.webhook gets is not signed, as notices.secret is not set"],
        ),
    ],
    ids=["nothing", "all", "no address", "no server", "no secret"],
)
def test_the_start_tells_what_is_half_set(settings: Settings, told: list[str]) -> None:
    assert remarks(settings) == told


def test_each_channel_tells_what_waits_and_why(owned: Owned) -> None:
    owned.comment(owned.post())
    owned.mail_server.stop()
    owned.hook.answer = say(503)
    owned.tell()

    mail, webhook = standing_of(owned)

    assert (mail.is_set, mail.waiting, webhook.waiting) == (True, 1, 1)
    assert "cannot be reached" in (mail.last_error or "")
    assert webhook.last_error == "the webhook answered 503"
    assert mail.next_try_at
    assert mail.next_try_at > owned.clock()


def test_a_channel_that_failed_for_good_is_told_by_the_other_alone(owned: Owned) -> None:
    owned.comment(owned.post())
    owned.mail_server.stop()
    owned.tell()
    for _ in range(20):
        owned.work(hours=5)

    assert [event["event"] for event in owned.hook.events] == ["thought.held", "job.failed"]
    assert owned.hook.events[1]["job"]["kind"] == "mail notices"
    with owned.services.database.read() as connection:
        assert len(failures.latest(connection, 9)) == 1
    assert standing_of(owned)[0].waiting == 0


def standing_of(owned: Owned) -> list[Standing]:
    with owned.services.database.read() as connection:
        return standings(connection, owned.services.settings)
