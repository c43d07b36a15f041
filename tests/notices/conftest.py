"""A site that tells its owner: by a real mail server on loopback, at a real webhook of the test internet."""

from collections.abc import Iterator

import pytest

from feedserver.settings import Settings
from tests.notices.hook import Hook
from tests.notices.owned import OWNER, Owned, OwnedWith
from tests.support.fixtures import Assemble
from tests.support.mail_server import MailServer
from tests.support.outside import Clock
from tests.thoughts.site import changed


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
def owned_with(settings: Settings, assemble: Assemble, clock: Clock, mail_server: MailServer, hook: Hook) -> OwnedWith:
    """Makes a site with other settings: `owned_with(mail_to="")`."""

    def make(**values: object) -> Owned:
        told = {
            "mail_url": f"smtp://127.0.0.1:{mail_server.port}",
            "mail_to": OWNER,
            "mail_from_": "Blog <blog@blog.example>",
            "notices_webhook": hook.url + "/hook",
            "notices_secret": "s3cret",
        }
        return Owned(assemble(changed(settings, **told | values)), clock, mail_server, hook)

    return make


@pytest.fixture
def owned(owned_with: OwnedWith) -> Owned:
    """With both channels."""
    return owned_with()


@pytest.fixture
def mailed(owned_with: OwnedWith) -> Owned:
    """With mails alone."""
    return owned_with(notices_webhook="")


@pytest.fixture
def hooked(owned_with: OwnedWith) -> Owned:
    """With a webhook alone."""
    return owned_with(mail_to="")
