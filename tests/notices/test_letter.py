"""Headers of a mail as they go over the wire, where the site's address is long."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from feedserver.notices.letter import Envelope, News, Waiting, letter, trial
from tests.pages.builders import thought

TOKEN = "t" * 43


def envelope(base: str) -> Envelope:
    return Envelope(
        site_title="Blog",
        home=f"{base}/",
        desk=f"{base}/desk",
        site_id="3f0c2a0e-7d1b-4f55-9d0f-0c1f6f0e6b5a",
        sender_name="",
        sender="blog@blog.example",
        to="ann@blog.example",
        message_id="9b2f0c1e",
        stop_url=f"{base}/notices/{TOKEN}",
        now=datetime(2026, 3, 8, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "base",
    [
        "https://a.example",
        "https://blog.example.com",
        "https://example.org/a/rather/long/path",
        "https://" + "long." * 40 + "example",
    ],
)
def test_the_address_that_stops_mails_is_never_encoded(base: str) -> None:
    sent = trial(envelope(base)).as_bytes()

    assert f"\r\nList-Unsubscribe: <{base}/notices/{TOKEN}>\r\n".encode() in sent
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in sent


def test_ids_of_posts_stand_whole_one_on_a_line_where_they_are_long() -> None:
    domain = "long." * 12 + "example"
    known = replace(envelope("https://a.example"), sender=f"blog@{domain}")
    waiting = [
        Waiting(thought(number, "comment", post_id=number), "A post", "https://a.example/notices/t", False)
        for number in range(1, 4)
    ]

    sent = letter(News(waiting, 3, [], 0), known).as_bytes()

    ids = [f"<post-{number}.{known.site_id}@{domain}>" for number in range(1, 4)]
    assert f"\r\nReferences: {ids[0]}\r\n {ids[1]}\r\n {ids[2]}\r\n".encode() in sent
    assert f"\r\nMessage-ID: <9b2f0c1e@{domain}>\r\n".encode() in sent
