"""Requests whose forms have few fields: more are refused before they are parsed, whichever view reads them."""

from io import BytesIO
from typing import IO, Any, Final

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from feedserver.request_body import FORM

MOST_FIELDS: Final = 1_000  # as Werkzeug allows in multipart/form-data; 800,000 took six seconds


class _FewFields(FormDataParser):
    """Parses forms. `parse` raises RequestEntityTooLarge for one of too many fields."""

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> tuple[IO[bytes], Any, Any]:
        if mimetype == FORM:
            body = stream.read()
            if body.count(b"&") >= MOST_FIELDS:
                raise RequestEntityTooLarge
            stream = BytesIO(body)
        return super().parse(stream, mimetype, content_length, options)


class RequestOfFewFields(Request):
    """A request of Flask; reading a form of too many fields is answered 413."""

    form_data_parser_class = _FewFields
