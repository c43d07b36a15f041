"""How many bytes of the database a thought takes: a pure estimate, rather too high, whose sums bound real growth.

`tests/hostile/growth.py` measures it against both databases.
"""

from typing import Final

from feedserver.thoughts.model import Content

_ROW: Final = 1_500  # bytes of a row without its texts, of its entries in indexes, and of its timeline
# Bytes for each byte of `source_key`: in its row, in its job, and in indexes. These store long keys badly, PostgreSQL's
# with as much free space again, as each change of a row adds entries that only a vacuum removes.
_KEY: Final = 6
_LONG_KEY: Final = 18  # besides, for each byte beyond `_SHORT`
_SHORT: Final = 300
_BESIDE: Final = 1_000  # bytes of what is stored of a webmention's source as a pingback would have it
_VERIFIED: Final = 1.5  # times as much, with the key and the path of its page


def disk_size(
    source: str | None, target: str | None, source_key: str | None, content: Content, pending: Content | None = None
) -> int:
    """The estimated bytes of one thought, with its timeline, its source's job, and what is stored of its source."""
    words = content.size + (pending.size if pending else 0)
    if source_key is None:
        return _ROW + words
    keys = _KEY * _bytes(source_key) + _LONG_KEY * max(0, _bytes(source_key) - _SHORT)
    beside = 0 if content.response is None else _BESIDE
    # A source's words are stored twice: with the thought, and with the source.
    return _ROW + beside + _bytes(source) + _bytes(target) + int(_VERIFIED * keys if words else keys) + 2 * words


def _bytes(text: str | None) -> int:
    return len(text.encode("utf-8", "replace")) if text else 0
