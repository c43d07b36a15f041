"""An account, tokens of writing apps, and an app that calls `/xmlrpc.php`."""

from collections.abc import Callable
from typing import Any, Final
from xmlrpc.client import dumps, loads

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.accounts.model import SCOPES
from feedserver.services import WebServices

ME: Final = object()  # stands for the account's name and the token
ACCOUNT: Final = "mara"


class App:
    """An app: what it sends with its token, and what it hears."""

    def __init__(self, client: FlaskClient, token: str, name: str = ACCOUNT) -> None:
        self.client = client
        self.token = token
        self.name = name

    def __call__(self, method: str, *params: Any) -> Any:
        """What a method returns. Raises Fault."""
        return heard(self.send(self.written(method, *params)))

    def written(self, method: str, *params: Any) -> bytes:
        """The body of a call."""
        said = [one for param in params for one in ((self.name, self.token) if param is ME else (param,))]
        return dumps(tuple(said), method, encoding="utf-8", allow_none=True).encode()

    def send(self, body: bytes, **options: Any) -> TestResponse:
        return self.client.post("/xmlrpc.php", data=body, content_type="text/xml", **options)

    def new(self, publish: Any = True, **struct: Any) -> str:
        """Adds a post by MetaWeblog; returns its id."""
        post_id = self("metaWeblog.newPost", "1", ME, struct, *([] if publish is None else [publish]))
        assert isinstance(post_id, str)
        return post_id

    def edit(self, post_id: str, publish: Any = None, **struct: Any) -> None:
        assert self("metaWeblog.editPost", post_id, ME, struct, *([] if publish is None else [publish])) is True

    def get(self, post_id: str) -> dict[str, Any]:
        found = self("metaWeblog.getPost", post_id, ME)
        assert isinstance(found, dict)
        return found


def heard(answer: TestResponse) -> Any:
    """The value in an answer. Raises Fault."""
    assert (answer.status_code, answer.content_type) == (200, "text/xml; charset=utf-8")
    (value,), _ = loads(answer.data)
    return value


MakeApp = Callable[..., App]


@pytest.fixture
def make_app(client: FlaskClient, services: WebServices) -> MakeApp:
    """Makes an app with these scopes: all, without any."""
    services.accounts.add(ACCOUNT)

    def make(*scopes: str) -> App:
        return App(client, services.apps.create(ACCOUNT, "an app", scopes or SCOPES)[1])

    return make


@pytest.fixture
def mars(make_app: MakeApp) -> App:
    """An app that may do all."""
    return make_app()
