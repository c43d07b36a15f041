"""`/xmlrpc.php` and `/rsd.xml`: how apps find them, who is let in, and what every other request is answered."""

import base64
import sqlite3
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xmlrpc.client import Fault, dumps

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from feedserver import errors
from feedserver.authoring.writing import MissingScope, NotPublic, Withheld
from feedserver.authoring.xmlrpc_apps import faults, reader
from feedserver.authoring.xmlrpc_apps.methods import METHODS, OPEN
from feedserver.services import WebServices
from feedserver.storage import rate_limits
from tests.authoring.conftest import ME, App, MakeApp, heard
from tests.support.outside import Clock

pytestmark = pytest.mark.one_database  # others of this folder run on both

RSD = "{http://archipelago.phrasewise.com/rsd}"


# --- finding it ---


def test_the_home_page_alone_leads_to_the_description(mars: App, client: FlaskClient) -> None:
    for number in range(11):
        mars.new(title=f"Post {number}", categories=["a"])
    link = '<link rel="EditURI" type="application/rsd+xml" href="http://blog.example/rsd.xml">'

    assert client.get("/").text.count(link) == 1
    for path in ("/?page=2", "/tags/a", "/posts/post-1", "/archive"):
        assert "EditURI" not in client.get(path).text


def test_the_description_names_the_apis_with_wordpress_preferred(client: FlaskClient) -> None:
    answer = client.get("/rsd.xml")

    assert answer.mimetype == "application/rsd+xml"
    service = ElementTree.fromstring(answer.data)[0]
    apis = [dict(api.attrib) for api in service.iter(f"{RSD}api")]
    assert [(api["name"], api["preferred"]) for api in apis] == [
        ("WordPress", "true"),
        ("Movable Type", "false"),
        ("MetaWeblog", "false"),
        ("Blogger", "false"),
    ]
    assert {(api["blogID"], api["apiLink"]) for api in apis} == {("1", "http://blog.example/xmlrpc.php")}
    assert service.findtext(f"{RSD}homePageLink") == "http://blog.example/"


def test_only_post_is_taken_and_rsd_is_elsewhere(client: FlaskClient) -> None:
    for method in ("GET", "HEAD", "PUT", "OPTIONS", "DELETE"):
        answer = client.open("/xmlrpc.php", method=method)
        assert answer.status_code == 405
        assert "POST" in answer.headers["Allow"]
    moved = client.get("/xmlrpc.php?rsd")
    assert (moved.status_code, moved.location) == (301, "http://blog.example/rsd.xml")


def test_other_paths_are_not_found_and_ask_nobody_to_sign_in(client: FlaskClient) -> None:
    for path in ("/wp-login.php", "/blog/xmlrpc.php", "/xmlrpc.php/x", "/mt-xmlrpc.cgi"):
        assert client.post(path).status_code in (404, 405)


# --- what is no call ---


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"<methodCall>", -32700),
        (b"<!DOCTYPE methodCall><methodCall/>", -32700),
        (b"<methodCall></methodCall>", -32600),
        (b"<methodResponse/>", -32600),
        (dumps((), "nope.nope").encode(), -32601),
        (dumps(("a", "b"), "pingback.ping").encode(), -32601),
        (dumps(([],), "system.multicall").encode(), -32601),
        (dumps(("1",), "metaWeblog.getRecentPosts").encode(), 400),
        (dumps(("1", {}, []), "metaWeblog.getRecentPosts").encode(), 400),
    ],
)
def test_what_is_no_call_of_ours_is_a_fault(client: FlaskClient, body: bytes, code: int) -> None:
    with pytest.raises(Fault) as refused:
        heard(client.post("/xmlrpc.php", data=body, content_type="text/xml"))

    assert refused.value.faultCode == code


def test_an_unknown_method_is_told_as_wordpress_tells_it(client: FlaskClient) -> None:
    with pytest.raises(Fault, match="does not exist"):
        heard(client.post("/xmlrpc.php", data=dumps((), "nope.nope")))


def test_too_few_parameters_are_told(mars: App) -> None:
    with pytest.raises(Fault, match="Insufficient arguments passed to this XML-RPC method"):
        mars("metaWeblog.editPost", "1", ME)


def test_a_compressed_body_is_415(mars: App) -> None:
    assert mars.send(b"x", headers={"Content-Encoding": "gzip"}).status_code == 415


def test_any_type_of_body_is_read(mars: App) -> None:
    for content_type in ("application/xml", "application/x-www-form-urlencoded", "text/plain", ""):
        body = mars.written("wp.getUsersBlogs", ME)
        assert heard(mars.client.post("/xmlrpc.php", data=body, content_type=content_type))


def test_latin_1_is_read(mars: App) -> None:
    body = mars.written("metaWeblog.newPost", "1", ME, {"title": "Ääkköset"}, True).decode()
    body = body.replace("<?xml version='1.0'?>", '<?xml version="1.0" encoding="ISO-8859-1"?>')

    assert mars.get(heard(mars.send(body.encode("latin-1"))))["title"] == "Ääkköset"


# --- who is let in ---


def test_a_wrong_token_another_account_and_a_password_are_one_and_the_same_fault(
    mars: App, services: WebServices
) -> None:
    services.accounts.add("otto")
    for name, token in (("mara", "wrong"), ("otto", mars.token), ("", mars.token), ("mara", "")):
        with pytest.raises(Fault) as refused:
            App(mars.client, token, name)("wp.getUsersBlogs", ME)
        assert (refused.value.faultCode, refused.value.faultString) == (403, "Incorrect username or password.")


def test_the_accounts_name_may_be_spelled_as_phones_spell_it(mars: App) -> None:
    mars.name = " Mara"

    assert mars("wp.getUsersBlogs", ME)


def test_a_token_that_was_ended_opens_nothing(mars: App, services: WebServices) -> None:
    services.apps.end_token(mars.token)

    with pytest.raises(Fault):
        mars("wp.getUsersBlogs", ME)


def test_thirty_wrong_tokens_close_the_door_to_a_network_before_anything_is_parsed(
    mars: App, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = App(mars.client, "wrong")
    for number in range(30):
        with pytest.raises(Fault):
            heard(stranger.send(stranger.written("wp.getUsersBlogs", ME), environ_base=at(f"203.0.113.{number}")))

    with monkeypatch.context() as unparsed:
        unparsed.setattr(reader.CallReader, "feed", None)
        with pytest.raises(Fault) as refused:
            heard(mars.send(mars.written("wp.getUsersBlogs", ME), environ_base=at("203.0.113.200")))
    assert refused.value.faultCode == 403
    assert "username or password" in refused.value.faultString

    assert heard(mars.send(mars.written("wp.getUsersBlogs", ME), environ_base=at("198.51.100.1")))
    clock.move(minutes=15)
    assert heard(mars.send(mars.written("wp.getUsersBlogs", ME), environ_base=at("203.0.113.200")))


def at(address: str) -> dict[str, Any]:
    return {"REMOTE_ADDR": address}


def test_the_token_is_checked_before_anything_is_decoded(mars: App, services: WebServices) -> None:
    file = {"name": "a.txt", "bits": b"x" * 200_000}
    places: list[Path] = []

    for token in ("wrong", mars.token):
        app = App(mars.client, token)
        body = app.written("metaWeblog.newMediaObject", "1", ME, file)
        places = [*services.settings.data_dir.glob(".feedserver-unfinished-*")]
        if token == "wrong":
            with pytest.raises(Fault):
                heard(app.send(body))
        else:
            assert heard(app.send(body))["file"] == "a.txt"
        assert places == [*services.settings.data_dir.glob(".feedserver-unfinished-*")] == []


def test_a_token_beyond_the_beginning_of_a_body_is_none(mars: App) -> None:
    with pytest.raises(Fault) as refused:
        mars("blogger.newPost", "k" * 70_000, "1", ME, "text", True)

    assert refused.value.faultCode == 400


def test_a_long_text_is_taken(mars: App) -> None:
    post_id = mars.new(title="T", description="word " * 200_000)

    assert len(mars.get(post_id)["description"]) == 1_000_000


def test_a_text_over_a_mebibyte_is_refused_with_a_reason(mars: App) -> None:
    with pytest.raises(Fault, match="1 MiB") as refused:
        mars.new(title="T", description="word " * 210_000)

    assert refused.value.faultCode == 400


def test_two_values_of_base64_are_two_files(mars: App) -> None:
    text = base64.b64encode("Äh".encode()).decode()
    body = mars.written("metaWeblog.newPost", "1", ME, {"title": "A1", "description": "A2"}, True).decode()
    for name in ("A1", "A2"):
        body = body.replace(f"<string>{name}</string>", f"<base64>{text}</base64>")

    found = mars.get(heard(mars.send(body.encode())))

    assert (found["title"], found["description"]) == ("Äh", "Äh")


# --- faults ---


def test_a_failure_of_ours_is_told_without_details_and_logged(
    mars: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(type(mars.client.application.extensions["feedserver"].urls), "home", lambda _: 1 / 0)

    with pytest.raises(Fault) as refused:
        mars("wp.getUsersBlogs", ME)

    assert refused.value.faultCode == -32603
    assert "division" not in refused.value.faultString
    assert "ZeroDivisionError" in caplog.text
    assert mars.token not in caplog.text


def test_a_database_that_is_away_is_told(mars: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("disk I/O error"))

    body = mars.written("wp.getUsersBlogs", ME)
    monkeypatch.setattr(rate_limits, "look", fail)

    for sent in (body, body + b" " * 100_000):
        with pytest.raises(Fault) as refused:
            heard(mars.send(sent))
        assert refused.value.faultCode == 500


@pytest.mark.parametrize(
    "error",
    [
        errors.TooManyWrong(5),
        errors.WrongToken(),
        MissingScope("create"),
        NotPublic(),
        Withheld(),
        errors.EditConflict("a", 2),
        errors.PostGone("a"),
        errors.SlugReserved("a"),
        errors.InvalidDocument("title", "is wrong"),
        errors.ThoughtNotFound(1),
        errors.StorageError("full"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_each_error_has_a_fault_that_tells_no_command(error: Exception) -> None:
    assert faults.is_known(error)
    assert b"`feedserver" not in faults.fault(error)


def test_each_method_needs_at_least_its_name_and_token() -> None:
    assert all(method.least >= method.user + 2 for method in METHODS.values())
    assert not METHODS.keys() & OPEN.keys()


def test_each_method_answers_something_to_an_app_that_may_do_all(make_app: MakeApp) -> None:
    app = make_app()
    for name, method in METHODS.items():
        before = ["1"] * method.user
        try:
            app(name, *before, ME, *["1"] * (method.least - method.user - 2))
        except Fault as fault:
            assert fault.faultCode in (400, 404), name  # noqa: PT017 - one of many
