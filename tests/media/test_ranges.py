"""Which bytes a request asks for (RFC 9110 section 14)."""

import pytest

from feedserver.media.ranges import ByteRange, Unsatisfiable, requested


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=0-", (0, 9)),
        ("bytes=3-5", (3, 5)),
        ("Bytes= 3-5 ", (3, 5)),
        ("bytes=3-99", (3, 9)),
        ("bytes=9-", (9, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=-99", (0, 9)),
        ("bytes=0-" + "9" * 5000, (0, 9)),
        ("bytes=-" + "9" * 5000, (0, 9)),
        ("bytes=" + "0" * 5000 + "1-2", (1, 2)),
    ],
)
def test_one_range_is_the_bytes_that_it_names(field: str, found: tuple[int, int]) -> None:
    assert requested(field, 10) == ByteRange(*found)


@pytest.mark.parametrize(
    "field",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=5-3",
        "bytes=a-b",
        "bytes=1-2,4-5",
        "lines=1-2",
        "bytes=１-2",
        "=1-2",
    ],
)
def test_everything_is_sent_for_several_ranges_and_for_what_is_none(field: str | None) -> None:
    assert requested(field, 10) is None


@pytest.mark.parametrize("field", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=" + "9" * 5000 + "-"])
def test_a_range_past_the_end_cannot_be_satisfied(field: str) -> None:
    with pytest.raises(Unsatisfiable):
        requested(field, 10)
