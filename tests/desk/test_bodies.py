"""How long forms of the desk may be, and for whom."""

import pytest
from flask.testing import FlaskClient

from feedserver.desk.bodies import rule_for
from feedserver.desk.frame import MAX_CARRYING, MAX_FORM
from feedserver.services import WebServices


@pytest.fixture
def cookie(ann: FlaskClient) -> str:
    """The cookie of ann's session, as it is sent."""
    return next(value for name, value in ann.get("/desk/account").request.headers if name == "Cookie")


@pytest.mark.parametrize("length", ["", str(MAX_FORM + 1)], ids=["chunked", "long"])
@pytest.mark.one_database
def test_longer_bodies_are_taken_from_those_who_are_signed_in(services: WebServices, cookie: str, length: str) -> None:
    sent = {"CONTENT_LENGTH": length}

    assert rule_for(services, sent).max_bytes == MAX_CARRYING
    assert rule_for(services, sent | {"HTTP_COOKIE": "feedserver=invented"}).max_bytes == MAX_CARRYING
    signed_in = rule_for(services, sent | {"HTTP_COOKIE": cookie})
    assert signed_in.max_bytes == MAX_FORM + services.settings.media.largest
    assert signed_in.piece < MAX_FORM  # a least rate, no deadline for all of it


@pytest.mark.one_database
def test_nobody_is_asked_for_an_ordinary_form(services: WebServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(services.signing_in), "session_of", lambda *_: pytest.fail("the database was asked"))

    assert (
        rule_for(services, {"CONTENT_LENGTH": str(MAX_FORM), "HTTP_COOKIE": "feedserver=x"}).max_bytes == MAX_CARRYING
    )
