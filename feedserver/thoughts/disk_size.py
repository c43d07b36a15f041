"""How many bytes of the database a thought takes: a pure estimate, rather too high, whose sums bound real growth.

`tests/hostile/growth.py` measures it against both databases.
"""

from typing import Final

from feedserver.thoughts.model import Content

_ROW: Final = 1_500  # bytes of a row without its texts, of its entries in indexes, and of its timeline
# Of `source_key`: in its row, in its job, and in indexes, which store long keys badly. PostgreSQL's hold as much free
# space again, as each change of a row adds entries that only a vacuum removes.
_COPIES_OF_KEY: Final = 16
_COPIES_IF_VERIFIED: Final = 24  # beside these its page's key and path


def disk_size(
    source: str | None, target: str | None, source_key: str | None, content: Content, pending: Content | None = None
) -> int:
    """The estimated bytes of one thought, with its timeline, its source's job, and what is stored of its source."""
    words = content.size + (pending.size if pending else 0)
    if source_key is None:
        return _ROW + words
    copies = _COPIES_IF_VERIFIED if words else _COPIES_OF_KEY
    # A source's words are stored twice: with the thought, and with the source.
    return _ROW + _bytes(source) + _bytes(target) + copies * _bytes(source_key) + 2 * words


def _bytes(text: str | None) -> int:
    return len(text.encode("utf-8", "replace")) if text else 0
