"""What an import is told besides its export. Pure."""

from dataclasses import dataclass
from datetime import datetime, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What readers of exports go by.

    `zone` is that of dates which name none. `now` is the moment of the import (UTC). A `forgiving` reader tells what is
    damaged by remarks (`mended`); a strict one raises ImportDamaged. `url` is the origin's address, where its owner
    says it.
    """

    zone: tzinfo
    now: datetime
    forgiving: bool = False
    url: str | None = None
