import json
import time
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest

from feedserver.errors import ImportRefused
from feedserver.transfer.formats import json_stream


def pieces(document: bytes, *paths: tuple[str, ...]) -> Sequence[tuple[tuple[str, ...], Any]]:
    return list(json_stream.pieces(BytesIO(document), "x.json", paths))


def test_the_pieces_at_some_paths_come_in_the_order_of_the_file() -> None:
    document = b'\xef\xbb\xbf{"a": [1, {"b": [2, {"c": 3.5}]}, []], "d": {"e": null}, "f": {"a": [4]}}'

    assert pieces(document, ("a", "*"), ("d",)) == [
        (("a", "*"), 1),
        (("a", "*"), {"b": [2, {"c": 3.5}]}),
        (("a", "*"), []),
        (("d",), {"e": None}),
    ]
    assert pieces(document, ("a", "*", "b", "*")) == [
        (("a", "*", "b", "*"), 2),
        (("a", "*", "b", "*"), {"c": 3.5}),
    ]
    assert pieces(b"[1]", ()) == [((), [1])]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (b'{"a": 1,\n"b": 2,\n c}', "x.json, line 3: this is no valid JSON; is the file complete?"),
        (b'{"a": [1,\n', "x.json, line 1: this is no valid JSON; is the file complete?"),
        (b"", "x.json, line 1: this is no valid JSON; is the file complete?"),
        (b'["\xff"]', "x.json, line 1: this is no valid JSON; is the file complete?"),
        (b"[1e999]", "x.json, line 1: this is no valid JSON; is the file complete?"),
        (b"[" + b"1" * 5000 + b"]", "x.json, line 1: this is no valid JSON; is the file complete?"),
        (b"\n[" * 100_000, "x.json, line 67: lists or objects are nested more than 64 deep"),
        (b'["' + b"x" * 20_000_000 + b'"]', "x.json, line 1: one item has more than 16,777,216 bytes"),
        (b"[[" + b"1," * 300_000 + b"1]]", "x.json, line 1: one item holds more than 200,000 values"),
    ],
    ids=lambda value: str(value[:40]),
)
def test_what_is_damaged_or_hostile_is_one_line_with_its_line(document: bytes, problem: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        pieces(document, ("*",))

    assert str(refused.value) == problem


def test_what_is_not_asked_for_may_have_any_size() -> None:
    others = {f"k{number}": ["x" * 1000] * 10 for number in range(1_000)}

    assert pieces(json.dumps({"others": others, "a": 1}).encode(), ("a",)) == [(("a",), 1)]


def test_a_long_text_is_whole_and_takes_linear_time() -> None:
    text = "é" * 5_000_000
    before = time.process_time()

    assert pieces(json.dumps([text], ensure_ascii=False).encode(), ("*",)) == [(("*",), text)]
    assert time.process_time() - before < 4


def test_a_text_is_taken_only_where_there_is_one() -> None:
    piece = {"a": {"b": "x", "n": 5, "flag": True, "list": [1]}}

    assert [json_stream.text(piece, "a", name) for name in ("b", "n", "flag", "list", "none")] == ["x", "5", "", "", ""]
    assert json_stream.text([1], "a") == json_stream.text(None, "a", "b") == ""
