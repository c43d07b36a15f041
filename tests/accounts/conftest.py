"""An account, and how its person signs in."""

from collections.abc import Callable

import pytest

from feedserver.accounts.model import Visitor
from feedserver.accounts.signing_in import Begun
from feedserver.services import WebServices

PASSWORD = "a long enough password"
HOME = Visitor("192.0.2.7", "Firefox/150.0")
AWAY = Visitor("198.51.100.9", "Chromium/156.0")

SignIn = Callable[..., Begun]


@pytest.fixture
def ann(services: WebServices) -> Begun:
    """The session of ann, who has just set her password at home."""
    return services.signing_in.with_link(services.accounts.add("ann"), "", PASSWORD, "", HOME, None)


@pytest.fixture
def sign_in(services: WebServices) -> SignIn:
    """Signs in: `sign_in(password="…", code="…", visitor=AWAY, name="ann")`."""

    def sign_in(name: str = "ann", password: str = PASSWORD, code: str = "", visitor: Visitor = AWAY) -> Begun:
        return services.signing_in.with_password(name, password, code, visitor, None)

    return sign_in
