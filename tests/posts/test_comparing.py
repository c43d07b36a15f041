"""Two documents, line by line."""

from feedserver.posts.comparing import Line, compare


def test_what_differs_is_shown_with_a_few_lines_around_it() -> None:
    old = [f"line {number}" for number in range(20)]
    new = [*old[:10], "another", *old[11:]]

    found = compare("\n".join(old), "\n".join(new))

    assert [line.change for line in found] == [
        "left out",
        *(["same"] * 3),
        "out",
        "in",
        *(["same"] * 3),
        "left out",
    ]
    assert [line.text for line in found if line.change in ("in", "out")] == ["line 10", "another"]


def test_the_same_has_no_lines_and_nothing_before_is_all_new() -> None:
    assert compare("a\nb", "a\nb") == []
    assert compare("", "a\nb") == [Line("in", "a"), Line("in", "b")]


def test_very_long_documents_are_not_compared() -> None:
    assert compare("a\n" * 300_000, "b\n" * 300_000) == [Line("left out")]
