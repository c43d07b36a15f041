"""The pictures and files that apps upload: kept in the site's library, named in posts, listed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from werkzeug.datastructures import FileStorage

from feedserver import private_files
from feedserver.accounts.model import AppToken
from feedserver.authoring.files import PICTURE, check_said
from feedserver.authoring.micropub.requests import Creation, InvalidRequest
from feedserver.authoring.micropub.sent import Upload
from feedserver.authoring.writing import FILES, require_scope
from feedserver.clock import rfc3339
from feedserver.media import store
from feedserver.media.adding import Library
from feedserver.media.model import Media
from feedserver.urls import Urls
from feedserver.workplace import workplace

_KINDS: Final = {"photo": PICTURE, "video": "video/*", "audio": "audio/*"}  # properties that files can be


@dataclass(frozen=True, slots=True)
class Uploads:
    """Takes files in for apps."""

    library: Library
    urls: Urls

    def add(self, uploads: Sequence[Upload], app: AppToken) -> str:
        """Adds the one file of a request to the media endpoint; returns its address. Raises MediaRefused."""
        require_scope(app, *FILES)
        files = [upload.file for upload in uploads if upload.field == "file"]
        if len(files) != 1:
            raise InvalidRequest("send one file, in a part with the name “file”")
        media = self._keep(files[0], [files[0].mimetype])
        return self.urls.media(media.hash, media.name)

    def with_files(self, creation: Creation, uploads: Sequence[Upload], app: AppToken) -> Creation:
        """A new post with its files as values of their properties.

        Raises MissingScope, MediaRefused.
        """
        files = [upload for upload in uploads if upload.field in _KINDS]
        if files:
            require_scope(app, *FILES)
        properties = {name: list(values) for name, values in creation.properties.items()}
        for upload in files:
            alt = creation.alts[upload.turn] if upload.field == "photo" else ""
            media = self._keep(upload.file, [_KINDS[upload.field], upload.file.mimetype], alt)
            address = self.urls.media(media.hash, media.name)
            properties.setdefault(upload.field, []).append({"value": address, "alt": alt} if alt else address)
        return replace(creation, properties=properties)

    def newest(self, limit: int, offset: int, app: AppToken) -> dict[str, Any]:
        """What was added last, for `q=source` at the media endpoint."""
        require_scope(app, *FILES)
        with self.library.database.read() as connection:
            found = store.newest(connection, limit, offset)
        return {"items": [self._item(media) for media in found]}

    def _item(self, media: Media) -> dict[str, Any]:
        address, at = self.urls.media(media.hash, media.name), rfc3339(media.added_at)
        item = {"url": address, "published": at, "mime_type": media.type}
        return item | {"alt": media.alt} if media.alt else item

    def _keep(self, file: FileStorage, said: Iterable[str], alt: str = "") -> Media:
        private_files.make_missing(self.library.workplace)
        with workplace(self.library.workplace) as place:
            path = place / "upload"
            with path.open("xb") as copy:
                file.save(copy)
            check_said(path, file.filename or "", said)
            return self.library.add(path, file.filename or "", alt)
