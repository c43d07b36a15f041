"""Headers of all answers below some paths, whoever gives them."""

import pytest
from flask.testing import FlaskClient

SECRET = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/previews/invented", 404),
        ("/previews/invented/", 301),
        ("/previews//invented", 301),
        ("/previews/./invented", 301),
        ("/previews", 404),
        ("/previews/\x1f", 404),
        ("/notices/invented", 404),
        ("/notices/invented/", 301),
        ("/x/../notices/invented", 301),
        ("/receipts/invented/", 301),
        ("/moderation//invented.atom", 301),
        ("/moderation/invented.atom", 404),
    ],
)
def test_no_answer_at_a_secret_address_is_stored_listed_or_told_to_other_sites(
    client: FlaskClient, path: str, status: int
) -> None:
    answer = client.get(path)

    assert answer.status_code == status
    assert {name: answer.headers.getlist(name) for name in SECRET} == {name: [value] for name, value in SECRET.items()}
    assert client.post(path).headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.one_database
def test_other_answers_keep_their_own(client: FlaskClient) -> None:
    for path in ("/", "/previewsx", "/posts/previews"):
        assert "X-Robots-Tag" not in client.get(path).headers
