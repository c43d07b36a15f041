"""A site with an author whose apps have tokens, and what apps send."""

import pytest
from flask.testing import FlaskClient

from feedserver.accounts.model import SCOPES
from feedserver.services import WebServices
from tests.authoring.micropub.client import App


@pytest.fixture
def app_of_ann(client: FlaskClient, services: WebServices) -> App:
    """An app that may do everything."""
    services.accounts.add("ann")
    return App(client, services.apps.create("ann", "Quill", SCOPES)[1])
