"""The references in texts that mean pictures and files of this site. Pure.

Two kinds do: names of files beside the document (`roof.jpg`), and addresses below `/media/`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from feedserver.host_names import authority
from feedserver.media.model import HASH_DIGITS, Media
from feedserver.urls import ascii_url, nfc, scheme, split_http

_FOLDER: Final = "media"
_OURS: Final = re.compile(rf"{_FOLDER}/([0-9a-f]{{{HASH_DIGITS}}})/[^/]+\Z")
_UP: Final = re.compile(r"(?:\.\.?/)*")
_DOCUMENTS: Final = (".md", ".markdown")
_MAX_NAME: Final = 1000  # characters

# What a reference does: `shown` needs its file, a `linked` one may be any page of the site.
Use = Literal["shown", "linked"]
Find = Callable[[str, Use], Media | None]  # what an address in HTML means, if anything of ours


def name_beside(address: str) -> str | None:
    """The name, in NFC, of the file beside the document that an address may mean, relative to the document's folder.

    None for other addresses: absolute ones, those from the root of the site, those that lead out of the folder.
    """
    if scheme(address) or len(address) > _MAX_NAME:
        return None
    path = re.split("[?#]", ascii_url(address), maxsplit=1)[0]
    steps = [step for step in unquote(path).split("/") if step != "."]
    if not path or "" in steps or ".." in steps or any("\\" in step or "\0" in step for step in steps):
        return None
    return nfc("/".join(steps)) or None


def may_be_linked(name: str) -> bool:
    """Whether a link to this name may mean a file beside the document: not a post, which has no ending, or its text."""
    last = name.rpartition("/")[2]
    return "." in last.strip(".") and not last.lower().endswith(_DOCUMENTS)


def leads_out(address: str) -> bool:
    """Whether a relative address leads out of the document's folder."""
    path = re.split("[?#]", ascii_url(address), maxsplit=1)[0]
    return not scheme(address) and not path.startswith("/") and ".." in unquote(path).split("/")


@dataclass(frozen=True, slots=True)
class Meanings:
    """What the addresses in one text mean.

    `beside` are files beside the document, by their names, and what the text named before; `by_hash` looks up what an
    address below `/media/` names. `named` fills with all that was found, by reference: a name, or `media/` and a hash.
    """

    beside: Mapping[str, Media]
    own: "Own"
    by_hash: Callable[[str], Media | None]
    named: dict[str, Media] = field(default_factory=dict)

    def may_stand_in(self, html: str) -> bool:
        """Whether it is worth a look: most texts name nothing of ours."""
        return bool(self.beside) or "media/" in html

    def find(self, address: str, use: Use) -> Media | None:
        """What an address means; None for one that means nothing of ours."""
        hash_ = self.own.hash_in(address) or self._formerly(address)
        name = name_beside(address) if hash_ is None else f"{_FOLDER}/{hash_}"
        if name is None or (hash_ is None and use == "linked" and not may_be_linked(name)):
            return None
        if name not in self.named:
            found = self.by_hash(hash_) if hash_ else self.beside.get(name)
            if found is None:
                return None
            self.named[name] = found
        return self.named[name]

    def _formerly(self, address: str) -> str | None:
        """The hash in an address from before the site moved, if the text named it then."""
        found = _OURS.search(re.split("[?#]", address, maxsplit=1)[0]) if scheme(address) else None
        return found[1] if found and f"{_FOLDER}/{found[1]}" in self.beside else None


@dataclass(frozen=True, slots=True)
class Own:
    """Recognizes the addresses below `/media/` of the site whose `site.url` is `base`."""

    base: str

    def hash_in(self, address: str) -> str | None:
        """The hash in an address: from the root of the site, of its server or of a post, or absolute; else None."""
        path = ascii_url(address)
        if scheme(path):
            theirs, ours = split_http(path), urlsplit(self.base)
            if theirs is None or authority(theirs) != authority(ours):
                return None
            path = theirs.path
        path = re.split("[?#]", path, maxsplit=1)[0]
        below = urlsplit(self.base).path + "/"
        if path.startswith(below):
            path = path[len(below) :]
        elif path.startswith("/") and not path.startswith("//"):
            path = path[1:]
        else:
            path = path[_UP.match(path).end() :]  # type: ignore[union-attr] # it matches any text
        found = _OURS.fullmatch(path)
        return found[1] if found else None
