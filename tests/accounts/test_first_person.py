"""`serve` on a terminal tells the first person where to sign in."""

from io import StringIO

import pytest

from feedserver import worker_settings
from feedserver.clock import utc_now
from feedserver.server import welcome
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.urls import Urls
from tests.accounts.conftest import HOME, PASSWORD
from tests.support.outside import Clock


def test_the_first_person_is_told_where_to_sign_in_until_there_is_an_account(
    services: WebServices,
    settings: Settings,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(worker_settings, "in_force", lambda: settings)
    clock.now = utc_now()  # the server reads the clock for itself

    def told() -> str:
        terminal = StringIO()
        welcome(Urls("https://blog.example"), terminal)
        return terminal.getvalue()

    first, line = told(), told()
    assert line.startswith("sign in, within an hour: https://blog.example/desk/welcome/")
    assert line != first
    assert caplog.messages == []  # no log has the address

    services.signing_in.with_link(line.rpartition("/")[2].strip(), "ann", PASSWORD, "", HOME, None)
    assert told() == ""
