"""What a form of the editor changes: nothing where the text is the one that was shown."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedserver.desk.post_form import EMPTY, changes, local, shown, typed
from feedserver.errors import InvalidDocument
from feedserver.posts import document
from feedserver.posts.amending import composed

BERLIN = ZoneInfo("Europe/Berlin")
NAMES = st.lists(st.text(min_size=1, max_size=8).filter(str.strip), max_size=4)


@settings(max_examples=80, deadline=None)
@example("10\xa0km\xa0", [], "", 0)
@given(st.text(max_size=30), NAMES, st.text(max_size=60), st.integers(0, 2_000_000_000))
def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(
    title: str, tags: list[str], body: str, seconds: int
) -> None:
    date = datetime.fromtimestamp(seconds, UTC)
    source = composed({"title": title, "slug": "s", "tags": tags, "date": date}, body)
    try:
        before = shown(document.read(source.encode(), UTC), "s", BERLIN)
    except InvalidDocument:
        return
    sent = {name: text.replace("\n", "\r\n") for name, text in before.items()}

    assert changes(typed(sent), before, BERLIN).are_none


def test_fields_that_are_not_sent_change_nothing() -> None:
    before = {**EMPTY, "title": "A title", "pings": "closed"}

    assert changes(typed({"body": "Words"}), before, BERLIN).fields == {}


def test_a_date_without_a_zone_is_in_that_of_the_site() -> None:
    found = changes({"date": "2026-07-01T10:00"}, EMPTY, BERLIN).fields["date"]

    assert found == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert local(datetime(2026, 7, 1, 8, tzinfo=UTC), BERLIN) == "2026-07-01T10:00"
    assert local(datetime(2026, 7, 1, 8, 0, 5, tzinfo=UTC), BERLIN) == "2026-07-01T10:00:05"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a, b", ["a", "b"]),
        ('"a, b", c', ["a, b", "c"]),
        (" a ,, ", ["a"]),
        ('5" disk, "', ['5" disk']),
        ("a\r\nb, c", ["a b", "c"]),
    ],
)
def test_names_have_commas_between_them(text: str, names: list[str]) -> None:
    assert changes({"tags": text}, EMPTY, UTC).fields == {"tags": names}


def test_what_is_emptied_is_taken_out() -> None:
    before = {**EMPTY, "title": "T", "date": "2026-01-01T10:00", "tags": "a"}

    assert changes({"title": "", "date": "", "tags": ""}, before, UTC).fields == {
        "title": None,
        "date": None,
        "tags": None,
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "05/06/2024"),
        ("pings", "perhaps"),
        ("tell", "never mind"),
        ("authors", "x" * 200_000),
    ],
    ids=lambda value: value[:10],
)
def test_what_cannot_be_read_names_its_field(name: str, text: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        changes({name: text}, EMPTY, UTC)

    assert refused.value.field == name
