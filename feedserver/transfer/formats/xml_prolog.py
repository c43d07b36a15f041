"""What stands before the root of an XML document, and its start tag: what kind it is, and whether it is a trap."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from feedserver.disk import Readable
from feedserver.errors import ImportRefused
from feedserver.transfer.formats.xml_mending import PIECE, Mending, pieces


@dataclass(frozen=True, slots=True)
class Root:
    """The first start tag of a document: its local name, the namespaces that it declares, and all its attributes."""

    name: str
    namespaces: Collection[str]
    attributes: Mapping[str, str] = field(default_factory=dict)


def root_of(file: Readable) -> Root | None:
    """What kind of XML a file is, from its first 256 kB; None if it is none. Never raises for foreign bytes."""
    prolog = Prolog()
    try:
        for piece in pieces(_Head(file), Mending()):
            if root := prolog.root_in(piece):
                return root
    except (ImportRefused, expat.ExpatError):
        return None
    return None


class Prolog:
    """What stands before the root of a document, and its start tag: what lxml tells only when it has read them.

    The parser expands no entity beyond a bound of its own.
    """

    def __init__(self) -> None:
        self._root: Root | None = None
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._start

    def refuse_entities(self) -> None:
        """From now on, their declarations raise ImportRefused: before another parser could expand one."""
        self._parser.EntityDeclHandler = self._refuse

    def root_in(self, piece: bytes) -> Root | None:
        """The root, once it has come; nothing more must be given then. Raises ExpatError for what is no XML."""
        try:
            self._parser.Parse(piece, False)
        except expat.ExpatError:
            if self._root is None:
                raise
        return self._root

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._root is None:
            declared = (value for key, value in attributes.items() if key.partition(":")[0] == "xmlns")
            self._root = Root(name.rpartition(":")[2], frozenset(declared), dict(attributes))

    def _refuse(self, *_declared: object) -> None:
        line = self._parser.CurrentLineNumber
        raise ImportRefused(
            f"line {line}: a DOCTYPE that declares entities; take it out, and put in what they stand for"
        )


class _Head:
    """The first bytes of a file, in which its root must stand."""

    def __init__(self, file: Readable) -> None:
        self._file, self._left = file, 4 * PIECE

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data
