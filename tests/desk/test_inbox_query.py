"""The filters of the inbox, and how texts are fitted into a page."""

import pytest

from feedserver.desk.inbox_list import fitted
from feedserver.desk.inbox_query import InboxQuery, read
from feedserver.thoughts.listing import Filters


@pytest.mark.parametrize(
    ("given", "filters"),
    [
        ({}, Filters(waits=True)),
        ({"state": "held"}, Filters(state="held")),
        ({"state": "all", "host": "[2001:DB8::7]"}, Filters(host="2001:db8::7", exactly=True)),
        ({"host": "https://BÜCHER.example/x"}, Filters(host="xn--bcher-kva.example", waits=True)),
        ({"host": "*.under_score.example"}, Filters(host="under_score.example", waits=True)),
        ({"state": "nonsense", "page": "9" * 5_000}, Filters(waits=True)),
    ],
)
def test_a_query_is_read_as_the_filters_of_a_list(given: dict[str, str], filters: Filters) -> None:
    assert read(given).filters(None) == filters


@pytest.mark.parametrize("host", ["a b", "ann@spam.example", "spam.example/~ann", "..", "1" * 300, "http://["])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="is not a host"):
        read({"host": host})


def test_a_query_is_written_as_it_was_read() -> None:
    query = InboxQuery("held", "spam.example", "fog & sea", 3)

    assert str(query) == "?state=held&host=spam.example&post=fog+%26+sea&page=3"
    assert str(InboxQuery()) == ""


def test_short_texts_stay_whole_and_the_longest_are_cut_to_one_length() -> None:
    found = fitted(["short", "x" * 100, "ü" * 100, ""], room=85)

    assert [words.text for words in found] == ["short", "x" * 40 + " …", "ü" * 20 + " …", ""]
    assert [words.is_cut for words in found] == [False, True, True, False]
    assert fitted(["one", "two"], room=6) == fitted(["one", "two"], room=100)
