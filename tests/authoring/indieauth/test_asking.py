"""What apps ask of the author: who can be sent an answer, and what is asked."""

import pytest

from feedserver.authoring.indieauth.asking import (
    Asked,
    Refused,
    Untrusted,
    answer,
    check_client_id,
    check_redirect,
    read,
)
from feedserver.authoring.indieauth.clients import Client

APP = "https://app.example/"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B
QUERY = {
    "response_type": "code",
    "client_id": APP,
    "redirect_uri": f"{APP}cb",
    "state": "s",
    "scope": "create  post update x-own",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.mark.parametrize("client_id", [APP, "http://app.example:8080/x?y", "http://127.0.0.1/", "http://[::1]:80/"])
def test_an_app_has_an_address_of_its_own(client_id: str) -> None:
    check_client_id(client_id)


@pytest.mark.parametrize(
    "client_id",
    [
        *("", "app", "https://app.example/#x", "https://app.example/../x", "https://app.example/."),
        *("https://u@app.example/", "https://10.0.0.1/", "https://93.184.216.34/", "javascript:alert(1)"),
        "https://app.example/\n",
    ],
)
def test_others_are_not_trusted(client_id: str) -> None:
    with pytest.raises(Untrusted):
        check_client_id(client_id)


@pytest.mark.parametrize("uri", ["https://app.example/cb", "https://APP.example:443/other?x=1"])
def test_an_app_may_return_to_its_own_site(uri: str) -> None:
    check_redirect(uri, Client(APP))


@pytest.mark.parametrize(
    "uri",
    [
        *(
            "http://app.example/cb",
            "https://app.example:8443/cb",
            "https://evil.example/cb",
            "https://app.example.evil/",
        ),
        *("https://app.example@evil.example/", "https://app.example/#x", "myapp://cb", "", "//app.example/"),
        "javascript:x",
    ],
)
def test_elsewhere_only_where_it_says_so(uri: str) -> None:
    with pytest.raises(Untrusted):
        check_redirect(uri, Client(APP, redirect_uris=frozenset({"https://elsewhere.example/cb"})))


@pytest.mark.parametrize("uri", ["https://elsewhere.example/cb", "myapp://cb", "com.example.app:/cb"])
def test_what_an_app_lists_may_be_returned_to(uri: str) -> None:
    check_redirect(uri, Client(APP, redirect_uris=frozenset({uri})))


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "data:text/html,x", "FILE:///etc", "no"])
def test_but_nothing_that_a_browser_would_run(uri: str) -> None:
    with pytest.raises(Untrusted):
        check_redirect(uri, Client(APP, redirect_uris=frozenset({uri})))


def test_all_is_read() -> None:
    assert read(QUERY) == Asked(APP, f"{APP}cb", "s", ("create", "update", "x-own"), CHALLENGE)


def test_an_app_may_know_no_proof_and_want_no_scope() -> None:
    old = {name: value for name, value in QUERY.items() if not name.startswith(("code", "scope"))}

    assert read(old) == Asked(APP, f"{APP}cb", "s", (), None)


@pytest.mark.parametrize(
    ("changed", "failure"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"state": ""}, "invalid_request"),
        ({"state": "x" * 5000}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"scope": "x " * 1000}, "invalid_scope"),
    ],
)
def test_what_is_refused_has_a_code_for_the_app(changed: dict[str, str], failure: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(QUERY | changed)

    assert refusal.value.failure == failure


def test_an_answer_keeps_the_query_of_the_address() -> None:
    assert (
        answer("https://app.example/cb?a=1#", code="x y", state="ß")
        == "https://app.example/cb?a=1&code=x+y&state=%C3%9F"
    )
    assert answer("myapp://cb", code="x") == "myapp://cb?code=x"
