"""The kinds of exports that can be imported: every module of `formats` that has a `KIND`."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Protocol, cast

from feedserver.errors import ImportRefused
from feedserver.transfer import formats
from feedserver.transfer.items import Item
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source


class ExportReader(Protocol):
    """What reads one kind of exports."""

    KIND: str

    def recognises(self, source: Source) -> bool:
        """Whether it reads this; a cheap look."""

    def read(self, source: Source, options: Options) -> Iterator[Item]:
        """Everything in the export, first its origin. Raises ImportRefused, ImportDamaged."""


@cache
def kinds() -> dict[str, ExportReader]:
    """All readers, by their kinds."""
    names = sorted(module.name for module in pkgutil.iter_modules(formats.__path__))
    modules = [importlib.import_module(f"{formats.__name__}.{name}") for name in names]
    return {module.KIND: cast(ExportReader, module) for module in modules if hasattr(module, "KIND")}


def reader_of(source: Source) -> ExportReader:
    """The only one that recognises an export. Raises ImportRefused for none, and for several."""
    found = [kind for kind, one in kinds().items() if one.recognises(source)]
    if len(found) == 1:
        return kinds()[found[0]]
    if found:
        raise ImportRefused(f"it may be {' or '.join(found)}; say which with --from")
    raise ImportRefused(f"nothing that is known; --from says what it is: {', '.join(kinds())}")
