"""An author who is signed in, and an app whose page can be read."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedserver.net.exchange import Response
from feedserver.services import WebServices
from tests.authoring.indieauth.asking_app import APP, PAGE, Apps


@pytest.fixture
def apps(services: WebServices) -> Apps:
    page = Response(APP, 200, (("Content-Type", "text/html"),), PAGE.encode())
    services.exchange = Apps({APP: page})
    return services.exchange


@pytest.fixture
def browser(app: Flask, services: WebServices) -> Iterator[FlaskClient]:
    """The browser of ann, who is signed in."""
    token = services.accounts.add("ann")
    with app.test_client() as browser:
        assert browser.post(f"/desk/welcome/{token}", data={"password": "correct horse battery"}).status_code == 303
        yield browser
