"""The fields of a form whose files are left out."""

import random
from io import BytesIO

import pytest
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from feedserver.web.form_fields import FieldsAlone, boundary_of

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
TEXT = f'\r\n Zwei\r\n\r\n"Wörter" --{BOUNDARY[:-1]} \U0001f980 \r\n'


def form(*parts: tuple[str, str | bytes]) -> bytes:
    """The body of a form as browsers write it: texts, and files as bytes."""
    return b"".join(map(written, *zip(*parts, strict=True))) + f"--{BOUNDARY}--\r\n".encode()


def written(name: str, value: str | bytes) -> bytes:
    if isinstance(value, str):
        return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    header = f'Content-Disposition: form-data; name="{name}"; filename="roof.jpg"\r\nContent-Type: image/jpeg'
    return f"--{BOUNDARY}\r\n{header}\r\n\r\n".encode() + value + b"\r\n"


def kept(body: bytes, piece: int = 65_536, most: int = 100_000) -> list[tuple[str, str]]:
    """What an application reads of a form that comes in such pieces."""
    into = BytesIO()
    fields = FieldsAlone(BOUNDARY.encode(), into, most)
    for at in range(0, len(body), piece):
        fields.take(body[at : at + piece])
    length = fields.end()
    assert length == len(into.getvalue()) <= most + 100
    into.seek(0)
    _, found, files = FormDataParser(silent=False).parse(into, "multipart/form-data", length, {"boundary": BOUNDARY})
    assert not files
    return list(found.items(multi=True))


@pytest.mark.parametrize("piece", [7, 1_000, 65_536])
def test_all_fields_are_kept_in_their_order_and_no_file(piece: int) -> None:
    noise = random.Random(1).randbytes(30_000) + b"\r\n--\r\n--" + BOUNDARY.encode()[:-1]
    texts = [("title", "T"), ("body", TEXT), ("slug", ""), ("alt", "A roof"), ("scope", "a"), ("scope", "b")]

    found = kept(form(*texts[:3], ("file", noise), *texts[3:5], ("file", noise), ("file", b""), *texts[5:]), piece)

    assert found == texts


@pytest.mark.parametrize("end", [b"xxx", b" words", b"A roof", b"--\r\n"])
def test_a_form_that_ends_too_soon_is_none_as_fields_behind_a_file_would_be_missing(end: bytes) -> None:
    body = form(("title", "T"), ("file", b"x" * 1_000), ("summary", "Two words"), ("alt", "A roof"))

    with pytest.raises(ValueError, match="Invalid form-data"):
        kept(body[: body.rindex(end) + 1])


@pytest.mark.parametrize("parts", [1, 900])
def test_headers_of_any_length_are_no_form(parts: int) -> None:
    headers = b"a:\r\n" * (40_000 // parts)
    part = b'--%b\r\nContent-Disposition: form-data; name="a"\r\n%b\r\n\r\n' % (BOUNDARY.encode(), headers)

    with pytest.raises(RequestEntityTooLarge):
        kept(part * parts + form(("file", b"x" * 1_000)))


@pytest.mark.parametrize(
    "body",
    [
        form(("body", "x" * 100_001), ("file", b"x")),
        form(("file", b"x"), ("body", "x" * 50_001), ("summary", "x" * 50_000)),
        form(*[("a", "")] * 1_000, ("file", b"x")),
        form(("body", "x")),
        f"--{BOUNDARY}\r\n".encode() + b"x: y\r\n" * 40_000,
        b"x" * 140_000,
    ],
    ids=["a long field", "long fields", "very many", "no file", "an endless header", "no form"],
)
def test_one_whose_fields_are_too_long_is_refused(body: bytes) -> None:
    with pytest.raises(RequestEntityTooLarge):
        kept(body)


@pytest.mark.parametrize("header", ["", "Content-Type: text/plain", "Content-Disposition: form-data; name=\xff"])
def test_what_is_no_form_is_no_value(header: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        kept(f"--{BOUNDARY}\r\n{header}\r\n\r\nx".encode("latin-1"))


def test_only_forms_with_files_have_a_boundary() -> None:
    assert boundary_of(TYPE) == BOUNDARY.encode()
    for other in (
        "",
        "multipart/form-data",
        "multipart/form-data; boundary=é",
        f"multipart/mixed; boundary={BOUNDARY}",
    ):
        assert boundary_of(other) is None
