"""Vaults of Obsidian: what is published of them, and that nothing else is."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feedserver.transfer.formats import markdown, obsidian
from tests.support.exports import SAMPLES, Export, is_recognised, read
from tests.transfer.formats.folders import folder_of

PUBLIC = "---\npublish: true\n---\n"


def vault(tmp_path: Path, files: dict[str, str | bytes]) -> Export:
    return read(obsidian, folder_of(tmp_path, {".obsidian/app.json": "{}", **files}), tmp_path)


def body(tmp_path: Path, text: str, files: dict[str, str | bytes] | None = None) -> str:
    return vault(tmp_path, {**(files or {}), "Larks.md": PUBLIC + text}).post("Larks.md").text


def test_samples(tmp_path: Path) -> None:
    export = read(obsidian, SAMPLES / "obsidian", tmp_path, zone=ZoneInfo("Europe/Helsinki"))

    (note,) = export.posts
    assert (note.title, note.state, note.tags) == ("Spring in the meadow", "published", ("nature/birds", "larks"))
    assert note.published_at == datetime(2024, 5, 1, 5, 30, tzinfo=UTC)
    assert note.fields == {"aliases": '["Meadow note", "meadow"]', "cssclasses": "wide"}
    assert note.text == (
        "# A heading that is not the title\n\n"
        "See the other one and Other note > Part two.\n\n"
        "![](/lark.jpg)\n\n"
        "> **Folded callout**\n>\n> <mark>marked</mark> text \n\n"
        "#larks #nature/birds and not #123\n\n"
        "```\n#include <not-a-tag>\n[[not a link]]\n```\n"
    )
    assert [(one.urls, one.file) for one in export.media] == [(("/lark.jpg",), None)]
    assert export.told("left out") == ["the note"]
    assert export.told("changed") == ["[[Other note]]", "[[Other note#Part two]]"]


@pytest.mark.parametrize("front", ["", "---\npublish: false\n---\n", "---\npublish:\n---\n", "---\ntitle: a\n---\n"])
def test_a_note_that_is_not_published_is_left_out(tmp_path: Path, front: str) -> None:
    export = vault(tmp_path, {"Diary.md": f"{front}Secret"})

    assert export.posts == []
    assert [(remark.treatment, remark.where) for remark in export.remarks] == [("left out", "Diary.md")]


def test_nothing_of_a_private_note_stands_in_another_one(tmp_path: Path) -> None:
    text = (
        "![[Diary]]\n\n![[Diary#Part]]\n\n[[Diary|one]] ![[Diary|two]] [three](Diary.md) [four](sub/../Diary.md#Part)\n"
    )

    found = body(tmp_path, text, {"Diary.md": "# Part\nSecret"})

    assert "Secret" not in found
    assert "Diary" not in found
    assert found.split() == ["one", "two", "three", "four"]


@pytest.mark.parametrize(
    ("link", "made"),
    [
        ("[[Wren]]", "[Wren](/birds/Wren)"),
        ("[[birds/Wren]]", "[birds/Wren](/birds/Wren)"),
        ("[[wren.md|the *wren*]]", "[the *wren*](/birds/Wren)"),
        ("[[Wren#The Song!]]", "[Wren > The Song!](/birds/Wren#the-song)"),
        ("[[Wren#^abc]]", "[Wren](/birds/Wren)"),
        ("[[#The Song]]", "[The Song](#the-song)"),
        ("| [[Wren\\|a]] |\n|---|", "| [a](/birds/Wren) |\n|---|"),
        ("[w](birds/Wren.md#x)", "[w](/birds/Wren#x)"),
        ("see ![[Wren]]", "see [Wren](/birds/Wren)"),
        ("[[Nowhere]]", "Nowhere"),
        ("`[[Wren]]`", "`[[Wren]]`"),
    ],
)
def test_links_between_notes_lead_to_them(tmp_path: Path, link: str, made: str) -> None:
    assert body(tmp_path, f"{link}\n", {"birds/Wren.md": PUBLIC}) == f"{made}\n"


@pytest.mark.parametrize(
    ("embed", "made"),
    [
        ("![[lark.jpg]]", "![](/files/lark.jpg)"),
        ("![[lark.jpg|300]]", "![](/files/lark.jpg)"),
        ("![[lark.jpg|300x200]]", "![](/files/lark.jpg)"),
        ("![[lark.jpg|A lark]]", "![A lark](/files/lark.jpg)"),
        ("![[files/LARK.jpg]]", "![](/files/lark.jpg)"),
        ("![A lark|300](files/lark.jpg)", "![A lark](/files/lark.jpg)"),
        ("![[song one.mp3]]", '<audio controls src="/files/song%20one.mp3"></audio>'),
        ("![[film.mp4]]", '<video controls src="/film.mp4"></video>'),
        ("[[lark.jpg|see]]", "[see](/files/lark.jpg)"),
        ("![[a.pdf]]", "[a.pdf](/files/a.pdf)"),
    ],
)
def test_files_are_shown(tmp_path: Path, embed: str, made: str) -> None:
    files: dict[str, str | bytes] = {"files/lark.jpg": b".", "files/song one.mp3": b".", "files/a.pdf": b"."}

    assert body(tmp_path, f"{embed}\n", files) == f"{made}\n"


def test_an_embedded_note_is_a_quotation(tmp_path: Path) -> None:
    song = "# Song\n\nLoud [[Larks]].\n\n```\nx\n\n# Not a heading\n```\n\n## Part\n\nMore. ^end\n\n"
    files: dict[str, str | bytes] = {"Wren.md": f"{PUBLIC}{song}# Nest\n\nDome.\n"}

    assert body(tmp_path, "Before\n\n![[Wren#Nest]]\n\nAfter\n", files) == "Before\n\n> # Nest\n>\n> Dome.\n\nAfter\n"
    assert body(tmp_path / "b", "![[Wren#part]]\n", files) == "> ## Part\n>\n> More.\n"
    assert body(tmp_path / "c", "![[Wren#^end]]\n", files) == "> More.\n"
    whole = body(tmp_path / "d", "![[Wren]]\n", files)
    assert whole.startswith("> # Song\n>\n> Loud [Larks](/Larks).\n>\n> ```\n> x\n>\n> # Not a heading\n> ```\n")


def test_notes_that_embed_each_other_are_linked_to(tmp_path: Path) -> None:
    export = vault(
        tmp_path,
        {"A.md": f"{PUBLIC}a\n\n![[B]]\n", "B.md": f"{PUBLIC}b\n\n![[A]]\n", "C.md": f"{PUBLIC}![[C]]\n"},
    )

    assert [found.text for found in export.posts] == [
        "a\n\n> b\n>\n> [A](/A)\n",
        "b\n\n> a\n>\n> [B](/B)\n",
        "[C](/C)\n",
    ]


@pytest.mark.timeout(30)
def test_embedded_notes_are_bounded(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"N{n}.md": PUBLIC + f"![[N{n + 1}]]\n\n" * 30 for n in range(5)}
    files["N5.md"] = PUBLIC + "word " * 10_000

    export = vault(tmp_path, files)
    assert max(len(found.text) for found in export.posts) < 1_048_576


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a %%hidden%% b", "a  b"),
        ("a\n\n%%\nhidden\n```\ncode\n```\n%%\nb", "a\n\n\nb"),
        ("a\n%% never closed\n\nhidden", "a\n"),
        ("100%% sure", "100%% sure"),
        ("`%%` a %%b%% `%%`", "`%%` a  `%%`"),
        ("==a b== and a==b or c==d", "<mark>a b</mark> and a==b or c==d"),
        ("`==a==`", "`==a==`"),
        ("a ^block1\n\n^block2\nb^2", "a\n\n\nb^2"),
        ("> [!warning]\n> Mind.", "> **Warning**\n>\n> Mind."),
        ("> > [!faq]+ Why?\n> > So.", "> > **Why?**\n> >\n> > So."),
        ("[!tip] a", "[!tip] a"),
    ],
)
def test_what_only_obsidian_knows_becomes_markdown(tmp_path: Path, text: str, made: str) -> None:
    assert body(tmp_path, text) == made


def test_tags_are_those_of_text_and_front_matter(tmp_path: Path) -> None:
    text = (
        "---\npublish: true\ntags: '#one, two'\n---\n#three/four a#b #5 #6a `#c` %%#d%% [x](#e)\n\n    #f\n\n## g #h\n"
    )

    assert vault(tmp_path, {"a.md": text}).posts[0].tags == ("one", "two", "three/four", "6a", "h")


def test_a_heading_that_repeats_the_title_goes(tmp_path: Path) -> None:
    assert body(tmp_path, "# larks\n\nSing.\n") == "Sing.\n"


def test_permalinks_and_names_are_old_addresses(tmp_path: Path) -> None:
    export = vault(tmp_path, {"birds/The wren.md": PUBLIC, "a.md": "---\npublish: true\npermalink: my/larks\n---\n"})

    assert [(found.url, found.slug) for found in export.posts] == [
        ("/my/larks", "larks"),
        ("/birds/The+wren", "the-wren"),
    ]


def test_only_files_that_published_notes_name_come(tmp_path: Path) -> None:
    export = vault(tmp_path, {"a.md": f"{PUBLIC}![[x.jpg]]", "b.md": "![[y.jpg]]", "x.jpg": b".", "y.jpg": b"."})

    assert [one.file for one in export.media] == ["x.jpg"]


@pytest.mark.parametrize(
    "text", ["[[" * 200_000, "%%" * 150_001, "==a" * 100_000, " " * 100_000, "> [!" * 100_000, "![[a]]\n" * 10_000]
)
@pytest.mark.timeout(30)
def test_a_long_text_takes_linear_time(tmp_path: Path, text: str) -> None:
    body(tmp_path, f"[[Larks]] ==a== ^b\n\n{text}")


def test_a_vault_is_recognised_so_that_nothing_private_is_taken_for_plain_markdown(tmp_path: Path) -> None:
    whole = folder_of(tmp_path, {".obsidian/app.json": "{}", "a.md": "Text"})
    part = folder_of(tmp_path / "part", {"a.md": "See [[b]]", "b.md": "Text"})

    for path in (whole, part):
        assert is_recognised(obsidian, path, tmp_path)
        assert not is_recognised(markdown, path, tmp_path)
