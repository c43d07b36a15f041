"""Content codings: bodies with an open place, which are compressed once."""

import gzip
import random

import brotli
import pytest

from feedserver.content_coding import encode_around

DECODE = {"gzip": gzip.decompress, "br": brotli.decompress}
WORDS = bytes(random.Random(7).choices(b"fog mist rain <p></p>", k=140_000))


@pytest.mark.parametrize("coding", DECODE)
@pytest.mark.parametrize("after", [0, 1, 900, 65_535, 65_536, 140_000])
@pytest.mark.parametrize("before", [0, 1, 80_000])
def test_what_is_inserted_stands_between_the_two_parts(coding: str, before: int, after: int) -> None:
    encoded = encode_around(WORDS[:before], WORDS[:after], coding)

    for inserted in (b"", b"x", bytes(range(256))):
        whole = WORDS[:before] + inserted + WORDS[:after]
        assert DECODE[coding](encoded.around(inserted)) == whole


@pytest.mark.parametrize("coding", DECODE)
def test_it_is_smaller_than_what_it_encodes(coding: str) -> None:
    encoded = encode_around(b"fog and mist " * 5_000, b"", coding)

    assert encoded.size < 1_000
    assert len(encoded.around(b"x" * 100)) < 1_100


@pytest.mark.parametrize("coding", DECODE)
def test_the_length_does_not_tell_whether_the_inserted_words_stand_in_the_rest_too(coding: str) -> None:
    """BREACH: a guess that shortens the response is a right one."""
    token, other = "k3v9x0q2m7", "h8b1n4z6w5"
    encoded = encode_around(f"<p>{token}</p>".encode() * 9, f"<p>{token}</p>".encode() * 9, coding)

    assert len(encoded.around(token.encode())) == len(encoded.around(other.encode()))
