"""`feedserver post add` and `post edit` take along the files beside a document that it names."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run
from tests.support.media_files import encoded

pytestmark = pytest.mark.one_database

Write = Callable[..., str]
PDF = b"%PDF-1.4\n1 0 obj\n"


@pytest.fixture
def talk(site: Path) -> Path:
    path = site / "talk.pdf"
    path.write_bytes(PDF)
    return path


def names(run: Run) -> list[str]:
    return [one["name"] for one in json.loads(run("media", "list", "--json").text)]


def add(run: Run, write: Write, body: str, **front: str) -> list[str]:
    """Adds a document; returns the lines on standard error."""
    fields = "".join(f"{name}: {value}\n" for name, value in front.items())
    return run("post", "add", write(f"---\ntitle: Fog\n{fields}---\n{body}\n")).err


def test_a_picture_beside_the_document_goes_with_it(run: Run, site: Path, write: Write) -> None:
    (site / "pics").mkdir()
    (site / "pics" / "the roof.png").write_bytes(encoded(Image.new("RGB", (9, 6), "red"), "PNG"))

    said = add(run, write, "![](<pics/the roof.png>) ![A roof](pics/the%20roof.png)")

    assert [line.partition(";")[0] for line in said] == ["feedserver: “pics/the roof.png” has no alternative text"]
    assert len(names(run)) == 1
    document = run("post", "show", "fog").text
    assert "pics/the%20roof.png" in document


@pytest.mark.parametrize(
    ("body", "front"),
    [
        ("![](roof.jpg)", {}),
        ("<img src='roof.jpg'>", {"format": "html"}),
        ("<video poster=roof.jpg></video>", {}),
        ("<img srcset='talk.pdf 1x, roof.jpg 2x'>", {}),
        ("Listen.", {"enclosures": "[{url: roof.jpg, type: image/jpeg, length: 1}]"}),
        ("![](link.jpg)", {}),
        ("![](folder.jpg)", {}),
    ],
)
def test_a_document_whose_picture_is_missing_is_refused_with_its_name(
    run: Run, site: Path, write: Write, talk: Path, body: str, front: dict[str, str]
) -> None:
    (site.parent / "outside.jpg").write_bytes(b"secret")
    os.symlink(site.parent / "outside.jpg", site / "link.jpg")
    (site / "folder.jpg").mkdir()

    said = add(run, write, body, **front)

    assert len(said) == 1
    assert ".jpg”, which is no file beside the document" in said[0]
    assert run("post", "list", "--json").text == "[]"
    assert names(run) == []


@pytest.mark.parametrize(
    "body",
    [
        "[before](../other-post) [next](other-post) [a](notes.md) [b](talk.zip) [c](#top) [d](?thoughts=2) [e](/f.pdf)",
        "![](/files/roof.jpg) ![](http://h.example/roof.jpg) <img src=data:image/png,x> <img src=''>",
        "`![](roof.jpg)` and <!-- <img src=roof.jpg> -->",
    ],
)
def test_other_addresses_stay_as_they_are(run: Run, site: Path, write: Write, body: str) -> None:
    (site / "notes.md").write_text("private")

    assert add(run, write, body) == []
    assert names(run) == []


def test_a_picture_out_of_the_folder_is_not_taken_and_a_line_says_so(run: Run, site: Path, write: Write) -> None:
    (site.parent / "roof.jpg").write_bytes(b"x")

    assert add(run, write, "![a](../roof.jpg)") == [
        "feedserver: “../roof.jpg” is not in the folder of the document, and was not taken along"
    ]
    assert names(run) == []


def test_words_for_an_attached_picture_are_asked_for(run: Run, site: Path, write: Write, talk: Path) -> None:
    (site / "roof.png").write_bytes(encoded(Image.new("RGB", (9, 6), "red"), "PNG"))

    assert add(run, write, "Words.", enclosures="[{url: roof.png}, {url: talk.pdf}]") == [
        "feedserver: “roof.png” has no alternative text; `feedserver media add` gives it one with --alt"
    ]


def test_what_no_browser_shows_as_a_picture_is_told(run: Run, site: Path, write: Write, talk: Path) -> None:
    (site / "scan.tif").write_bytes(b"II*\0\x08\0\0\0\0\0")

    assert add(run, write, "![](scan.tif) [talk](talk.pdf)") == [
        "feedserver: “scan.tif” is nothing that browsers show; save a picture as JPEG, PNG or WebP"
    ]


def test_a_link_to_a_file_beside_it_takes_it_along(run: Run, write: Write, talk: Path) -> None:
    assert add(run, write, "[the talk](talk.pdf#page=2)") == []
    assert names(run) == ["talk.pdf"]


def test_a_file_that_is_refused_refuses_the_document(run: Run, site: Path, write: Write, talk: Path) -> None:
    (site / "drawing.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")

    said = add(run, write, "![](drawing.svg) [t](talk.pdf)")

    assert (len(said), "drawing.svg" in said[0]) == (1, True)
    assert names(run) == []
    assert run("post", "list", "--json").text == "[]"


def test_a_document_names_a_thousand_files_at_most(run: Run, site: Path, write: Write) -> None:
    for number in range(1001):
        (site / f"{number}.pdf").write_bytes(PDF)

    said = add(run, write, "\n".join(f"[{number}]({number}.pdf)" for number in range(1001)))

    assert said == ["feedserver: body: names over 1000 files"]
    assert run("post", "list", "--json").text == "[]"
    assert names(run) == []


def test_a_document_that_is_refused_leaves_nothing(run: Run, site: Path, write: Write, talk: Path) -> None:
    add(run, write, "Words.")

    assert "taken" in add(run, write, "[t](talk.pdf)")[0]
    assert names(run) == []
    assert not (site / "var" / "media").exists()


@pytest.mark.parametrize(("slug", "front"), [("none", ""), ("fog", "page: true\n")])
def test_an_edit_that_is_refused_leaves_nothing(
    run: Run, site: Path, write: Write, talk: Path, slug: str, front: str
) -> None:
    add(run, write, "Words.")

    done = run("post", "edit", slug, write(f"---\ntitle: Fog\n{front}---\n[t](talk.pdf)"))

    assert (done.status, len(done.err)) == (1, 1)
    assert not (site / "var" / "media").exists()


def test_an_edit_takes_along_what_is_there_and_keeps_what_is_not(run: Run, write: Write, talk: Path) -> None:
    add(run, write, "[t](talk.pdf)")
    talk.unlink()

    done = run("post", "edit", "fog", write("---\ntitle: Fog\n---\nMore. <video src='talk.pdf'></video>"))

    assert (done.status, done.err) == (0, [])
    talk.write_bytes(PDF + b"%")
    run("post", "edit", "fog", "-", given=b"---\ntitle: Fog\n---\n<video src='talk.pdf'></video>")
    assert names(run) == ["talk.pdf"]


def test_standard_input_has_no_folder(run: Run, talk: Path) -> None:
    done = run("post", "add", "-", given=b"---\ntitle: Fog\n---\n![](talk.pdf)")

    assert (done.status, len(done.err)) == (1, 1)
    assert "“talk.pdf”, and standard input has no folder" in done.err[0]


def test_a_name_is_found_in_any_unicode_form(run: Run, site: Path, write: Write) -> None:
    (site / "Da\u0308cher.pdf").write_bytes(PDF)

    assert add(run, write, "[the roofs](D\u00e4cher.pdf)") == []
    assert len(names(run)) == 1


def test_an_address_of_ours_that_means_nothing_is_told(run: Run, write: Write, talk: Path) -> None:
    path = run("media", "add", "talk.pdf").out[0].removeprefix("http://blog.example/")
    lost = path.replace(path.split("/")[1], "0" * 32)

    said = add(run, write, f"<video src='/{path}'></video> <video src='../{path}'></video> ![a](../{lost})")

    assert said == [
        f"feedserver: “../{lost}” is no picture or file of this site; `feedserver media list` shows them all"
    ]
