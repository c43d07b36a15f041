"""Reads the body of the present request to a Micropub endpoint: a form, JSON, or parts with files."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final
from urllib.parse import unquote_plus

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from feedserver.authoring.micropub import requests
from feedserver.authoring.micropub.requests import TOKEN, InvalidRequest, Request
from feedserver.request_body import FORM, BodyRefused

JSON: Final = "application/json"
PARTS: Final = "multipart/form-data"
MAX_TEXT: Final = 8 * 1_048_576  # bytes of JSON, or of all fields of a form: a document of 1 MiB, however it is written
MAX_UNKNOWN: Final = 1_048_576  # bytes of a request without a good token in its header
_MAX_PARTS: Final = 1000
_TOKEN_IN_FORM: Final = re.compile(rb"(?:^|&)access_token=([^&]{0,1000})")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request: the name of its field without brackets, and its turn among those of it.

    A field that a form has for a file, and in which none was chosen, has a turn too.
    """

    field: str
    file: FileStorage
    turn: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A body: its fields in their order, or JSON; the files, and the names of fields for them; the token, or None."""

    pairs: Sequence[tuple[str, str]] = ()
    json: bytes | None = None
    uploads: Sequence[Upload] = ()
    files: Sequence[str] = ()
    token: str | None = None

    def request(self, token: str | None) -> Request:
        """What is asked, with the token `token` in the header. Raises InvalidRequest, TwoTokens."""
        if self.json is not None:
            return requests.of_json(self.json, token)
        return requests.of_form(self.pairs, self.files)


def token_unparsed() -> str | None:
    """The token in a form that is not parsed, because nobody knows yet who sends it: 1 MiB of fields took a second.

    Raises BodyRefused.
    """
    request.max_content_length = MAX_UNKNOWN
    try:
        found = _TOKEN_IN_FORM.search(request.get_data(parse_form_data=False)) if request.mimetype == FORM else None
    except RequestEntityTooLarge:
        raise _too_large() from None
    return None if found is None else unquote_plus(found[1].decode("ascii", "replace"))


def read(largest_file: int | None) -> Sent:
    """Reads the body. `largest_file` is in bytes; None for a request without a good token in its header.

    Raises BodyRefused or InvalidRequest.
    """
    request.max_content_length = _largest(largest_file)
    request.max_form_memory_size, request.max_form_parts = MAX_TEXT, _MAX_PARTS
    try:
        if request.mimetype == JSON:
            return Sent(json=request.get_data(cache=False))
        if request.mimetype not in (FORM, PARTS):
            raise BodyRefused(415, f"the request body must be of the type {FORM}, {PARTS} or {JSON}")
        pairs = [(name, value) for name, values in request.form.lists() for value in values]
        uploads = [upload for upload in _files() if upload.file.filename]
        names = [name for name, files in request.files.lists() for _ in files]
    except RequestEntityTooLarge:
        raise _too_large() from None
    tokens = [value for name, value in pairs if name == TOKEN]
    if len(tokens) > 1:
        raise InvalidRequest("there are several tokens; send one")
    kept = [pair for pair in pairs if pair[0] != TOKEN]
    return Sent(kept, uploads=uploads, files=names, token=next(iter(tokens), None))


def _files() -> Iterator[Upload]:
    """What the request has in its fields for files."""
    turns: defaultdict[str, count[int]] = defaultdict(count)
    for written, files in request.files.lists():
        name = written.partition("[")[0]
        yield from (Upload(name, file, next(turns[name])) for file in files)


def _too_large() -> BodyRefused:
    return BodyRefused(413, "the request is too large for this address, or for one without a good token")


def _largest(largest_file: int | None) -> int:
    if largest_file is None:
        return MAX_UNKNOWN
    return largest_file + MAX_TEXT if request.mimetype == PARTS else MAX_TEXT
