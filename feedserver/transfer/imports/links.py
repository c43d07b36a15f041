"""What the addresses in imported texts become: own posts and files are named as they are named here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from feedserver.posts.embedding import root
from feedserver.transfer.formats.rewriting import rewritten
from feedserver.transfer.imports.old_addresses import looks_like_file
from feedserver.transfer.imports.spool import FileHere, Place, Spool
from feedserver.transfer.items import ImportedPost
from feedserver.urls import fragment_of, path_of, scheme

# Has a file of the origin taken in that no item of the export tells of; None where it cannot be had.
TakeIn = Callable[[str], FileHere | None]


@dataclass(frozen=True, slots=True)
class Links:
    """Reads what is spooled. `take_in` is asked for files that texts name by their absolute addresses."""

    spool: Spool
    take_in: TakeIn
    now: datetime

    def rewritten(self, post: ImportedPost) -> tuple[str, bool]:
        """The text of a post with our addresses of posts and files of its origin; foreign ones stay.

        Returns besides whether it names a file that is not here.
        """
        lacking: list[str] = []
        return rewritten(post.text, post.format, lambda address: self._ours(address, post, lacking)), bool(lacking)

    def file_of(self, address: str, post: ImportedPost) -> FileHere | None:
        """The file that a post names; None for one that the export does not know."""
        return self._file_of(self.spool.old.keys(address, post.url), address, post)

    def _file_of(self, names: Sequence[str], address: str, post: ImportedPost) -> FileHere | None:
        found = self.spool.file_of(names)
        if found is not None or not names or not looks_like_file(address):
            return found
        url = self.spool.old.absolute(address, post.url)
        if not url or not self.spool.old.url or not self.spool.old.is_own(url):
            return None
        return self.take_in(url) or FileHere("", "", 0)

    def _ours(self, address: str, post: ImportedPost, lacking: list[str]) -> str:
        if not address.strip() or address.startswith("#"):
            return address
        names = self.spool.old.keys(address, post.url)
        here = self._file_of(names, address, post)
        if here is not None and here.path:
            return f"/{here.path}"
        if here is not None:
            lacking.append(address)
            return self._there(address, post)
        place = self.spool.place_of(names)
        if place is None:
            return address
        if self._would_tell(place, post, address):
            return self._there(address, post)
        return _relative(place, post) + fragment_of(address)

    def _would_tell(self, place: Place, post: ImportedPost, address: str) -> bool:
        """Whether our address would tell readers the name of a post that they cannot see, where `?p=12` does not."""
        is_by_number = "?" in address and place.slug not in unquote(address)
        return is_by_number and post.state == "published" and place.seen_from > self.now.timestamp()

    def _there(self, address: str, post: ImportedPost) -> str:
        """The address of a file that cannot be had: a relative one would lead elsewhere from here."""
        if scheme(address) or self.spool.old.url is None:
            return address
        return self.spool.old.absolute(address, post.url) or address


def _relative(place: Place, post: ImportedPost) -> str:
    """The address of a post or page as it is written in another one."""
    return root(page=post.page) + path_of(place.slug, is_page=place.is_page).removeprefix("/")
