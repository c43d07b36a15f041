"""What apps say of themselves: pages and JSON of strangers."""

import json

import pytest

from feedserver.authoring.indieauth.clients import Client, of_json, of_page

APP = "https://app.example/"


def page(html: str, *links: str) -> Client:
    return of_page(APP, f"{APP}about", html.encode(), "text/html; charset=utf-8", links)


def test_the_name_is_that_of_the_app_on_the_page() -> None:
    app = '<div class="h-app"><a class="u-url p-name">My <b>App</b></a> more</div>'

    assert page(f'<title>Page</title><h1 class="p-name">No</h1>{app}').name == "My App"


@pytest.mark.parametrize(
    ("html", "name"),
    [
        ('<div class="h-x-app"><img src="x">My App</div> more', "My App"),
        ("<title>Only a title</title>", "Only a title"),
        ('<template><div class="h-app">No</div></template><title>Yes</title>', "Yes"),
        (
            '<div class="h-app"><b class="p-name">One</b></div><div class="h-app"><b class="p-name">Two</b></div>',
            "One",
        ),
        ("<p>Nothing", ""),
        (f"<title>{'x' * 10_000}</title>", "x" * 100),
        ("<title>A\u202eB\x00</title>", "AB"),
    ],
)
def test_without_one_it_is_what_is_nearest(html: str, name: str) -> None:
    assert page(html).name == name


def test_addresses_to_return_to_are_listed_in_header_and_page() -> None:
    html = '<link rel="redirect_uri" href="/one"><base href="/b/"><a rel="x REDIRECT_URI" href="two">.</a>'

    listed = page(f'{html}<a href="/no">.</a>', '</three>; rel="redirect_uri", </no>; rel="me"').redirect_uris

    assert listed == {"https://app.example/one", "https://app.example/b/two", "https://app.example/three"}


def test_their_number_is_bounded() -> None:
    assert (
        len(page('<link rel="redirect_uri" href="x">' + '<a rel=redirect_uri href="?%d">' * 5000).redirect_uris) <= 100
    )


def test_json_is_believed_of_its_own_app_alone() -> None:
    said = {"client_id": APP, "client_name": "My App", "redirect_uris": [f"{APP}cb", 1]}

    assert of_json(APP, json.dumps(said).encode()) == Client(APP, "My App", frozenset({f"{APP}cb"}))
    assert of_json(APP, json.dumps(said | {"client_id": "https://other.example/"}).encode()) == Client(APP)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"[" * 100_000, b'{"client_id": "https://app.example/", "redirect_uris": 1}']
)
def test_other_json_says_nothing(body: bytes) -> None:
    assert of_json(APP, body) == Client(APP)
