"""The text of a published note, with the notes that it embeds."""

import posixpath
from typing import Final
from urllib.parse import unquote

from feedserver.transfer.formats import obsidian_text
from feedserver.transfer.formats.folder import Document, ending
from feedserver.transfer.formats.obsidian_vault import Vault
from feedserver.transfer.items import ImportedMedia

_DEEPEST: Final = 5  # notes within notes
_LONGEST: Final = 500_000  # characters of all that a note embeds
_MOST: Final = 100  # notes that it embeds
_PICTURES: Final = frozenset(".avif .bmp .gif .jpeg .jpg .png .svg .webp".split())
_SOUNDS: Final = frozenset(".3gp .flac .m4a .mp3 .ogg .opus .wav".split())
_FILMS: Final = frozenset(".mkv .mov .mp4 .ogv .webm".split())
_MARK: Final = "\ufdd0"  # `text.clean` leaves it in no document

_UNKNOWN: Final = "a link to a note that is private, or not there"
_EMBEDDED: Final = "a note that is too long, too deep or within itself is linked to"


class Notes:
    """What is made of one note: its text, `media` that it names for the first time, and what is `told`."""

    def __init__(self, vault: Vault) -> None:
        self.media: list[ImportedMedia] = []
        self.told: dict[tuple[str, str], None] = {}
        self._vault = vault
        self._length = self._number = 0

    def text(self, note: Document, part: str = "", around: tuple[tuple[str, str], ...] = ()) -> str:
        """A note, or a part of it, as Markdown; `around` are those in which it is embedded."""
        text = obsidian_text.without_comments(note.front.body)
        if part:
            text = obsidian_text.part(text, part) or ""
        elif not around:
            text = _without_title(text, note.stem)
        embedded: list[str] = []
        here = (*around, (note.name, part))

        def placeholder(target: str) -> str | None:
            if (made := self._embedded(target, note, here)) is None:
                return None
            embedded.append(made)
            return f"{_MARK}{len(embedded) - 1}{_MARK}"

        text = obsidian_text.with_embeds(text, placeholder)
        text = obsidian_text.with_links(text, lambda target, words, shows: self._link(target, words, shows, note))
        text = obsidian_text.with_plain_links(text, lambda address: self._is_private(address, note))
        text = obsidian_text.with_marks(text)
        text, media = self._vault.rewritten(text, "markdown", note.name, self._vault.address_of(note.name))
        self.media += media
        pieces = text.split(_MARK)
        return "".join(embedded[int(piece)] if number % 2 else piece for number, piece in enumerate(pieces))

    def _embedded(self, target: str, note: Document, around: tuple[tuple[str, str], ...]) -> str | None:
        """A note that stands alone on a line of another one, as a quotation; None for what is no published note."""
        name = self._vault.note(target, note.name)
        if name is None or self._vault.attachment(target, note.name) or self._vault.address_of(name) is None:
            return None
        part = target.rpartition("#")[2].strip() if "#" in target else ""
        self._number += 1
        if (
            self._length > _LONGEST
            or len(around) > _DEEPEST
            or (name, part) in around
            or (name, "") in around
            or self._number > _MOST
        ):
            return self._not_embedded(target, note)
        inner = self._vault.folder.document(name)
        text = obsidian_text.quoted(self.text(inner, part, around))
        self._length += len(text)
        return text if self._length <= _LONGEST else self._not_embedded(target, note)

    def _not_embedded(self, target: str, note: Document) -> str:
        self.told[f"![[{target}]]", _EMBEDDED] = None
        return self._link(target, None, False, note)

    def _link(self, target: str, words: str | None, shows: bool, note: Document) -> str:
        if file := self._vault.attachment(target, note.name):
            self.media += self._vault.media(file)
            return (
                _shown(self._vault.file(file), file, words)
                if shows
                else _linked(words or target, self._vault.file(file))
            )
        name = self._vault.note(target, note.name)
        address = self._vault.address_of(name) if name else None
        label = words or " > ".join(
            step.strip() for step in target.split("#") if step.strip() and step.strip()[0] != "^"
        )
        if address is not None:
            is_same = not target.partition("#")[0].strip()
            return _linked(label, ("" if is_same else address) + obsidian_text.fragment(target) or address)
        if name is None and shows and ending(target) in _PICTURES | _SOUNDS | _FILMS:
            at = self._vault.at(target)
            self.media += self._vault.missing(at, note.name)
            return _shown(at, target, words)
        self.told[f"[[{target}]]", _UNKNOWN] = None
        return words or "" if shows else label

    def _is_private(self, address: str, note: Document) -> bool:
        name = self._vault.note(posixpath.normpath(unquote(address)), note.name)
        return name is not None and self._vault.address_of(name) is None


def _without_title(text: str, title: str) -> str:
    """The text without a first heading that repeats the title."""
    first, _, rest = text.lstrip("\n").partition("\n")
    is_title = first.startswith("# ") and first[2:].strip().casefold() == title.casefold()
    return rest.lstrip("\n") if is_title else text


def _linked(words: str, address: str) -> str:
    return f"[{words}]({address})"


def _shown(address: str, file: str, words: str | None) -> str:
    """A file that is shown in a text. Words that are no size describe it."""
    words = "" if words is None or obsidian_text.is_size(words) else words
    if ending(file) in _PICTURES:
        return f"![{words}]({address})"
    if ending(file) in _SOUNDS | _FILMS:
        tag = "audio" if ending(file) in _SOUNDS else "video"
        return f'<{tag} controls src="{address}"></{tag}>'
    return _linked(words or posixpath.basename(file), address)
