"""Which system a folder of documents was written for, as far as its files say."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from feedserver.errors import FeedserverError
from feedserver.transfer.exports import own_files
from feedserver.transfer.formats import folder_posts, front_matters
from feedserver.transfer.formats.folder import HTML, MARKDOWN, ending, stem, top
from feedserver.transfer.source import Source

Kind = Literal["jekyll", "hugo", "obsidian", "pelican", "markdown"]

HUGO_SETTINGS: Final = tuple(
    f"{folder}.{language}"
    for folder in ("hugo", "config", "config/_default/hugo", "config/_default/config")
    for language in ("toml", "yaml", "yml", "json")
)
JEKYLL_SETTINGS: Final = ("_config.yml", "_config.yaml", "_config.toml")
PELICAN_SETTINGS: Final = ("publishconf.py", "pelicanconf.py")

_MOST: Final = 20  # documents that are looked into
_BEGINNING: Final = 65_536  # bytes
_WIKILINK: Final = re.compile(r"!?\[\[[^\[\]\n]+\]\]")
_TITLED: Final = frozenset(("title", "date"))


def kind_of(source: Source) -> Kind | None:
    """The system whose reader is to read this; None if it holds no documents, or is of feedserver. Never raises."""
    if own_files.is_one(source):
        return None
    above = top(source.names())
    names = [name.removeprefix(above) for name in source.names()]
    if (kind := _by_names(frozenset(names), names)) is not None:
        return kind
    documents = [name for name in names if ending(name) in (*MARKDOWN, *HTML, ".rst") and not name.startswith(".")]
    return _by_content(documents, {name: _beginning(source, above + name) for name in documents[:_MOST]})


def _by_names(all_names: frozenset[str], names: Sequence[str]) -> Kind | None:
    if any(name.startswith(".obsidian/") for name in names):
        return "obsidian"
    if all_names.intersection(PELICAN_SETTINGS):
        return "pelican"
    if all_names.intersection(JEKYLL_SETTINGS) or any(_is_in(name, ("_posts", "_drafts")) for name in names):
        return "jekyll"
    return "hugo" if all_names.intersection(HUGO_SETTINGS) else None


def _is_in(name: str, folders: Sequence[str]) -> bool:
    return any(folder in name.split("/")[:-1] for folder in folders)


def _by_content(documents: Sequence[str], beginnings: Mapping[str, str]) -> Kind | None:
    """`beginnings` are those of some documents, by their names."""
    markdown = [name for name in documents if ending(name) in MARKDOWN]
    texts = [text for name, text in beginnings.items() if text and ending(name) in MARKDOWN]
    headed = [text for text in texts if text[:3] != "---" and _is_headed(text)]
    if any(ending(name) == ".rst" for name in documents) or len(headed) * 2 > len(texts):
        return "pelican"
    if any(name.startswith("content/") or stem(name) == "_index" for name in markdown):
        return "hugo"
    if any(_WIKILINK.search(text) for text in texts):
        return "obsidian"
    dated = [name for name in documents if folder_posts.DATED.fullmatch(stem(name))]
    if len(dated) * 2 > len(documents) and any(beginnings.get(name, "").startswith("---") for name in dated):
        return "jekyll"
    return "markdown" if markdown else None


def _is_headed(text: str) -> bool:
    return front_matters.split_header(text).fields.keys() >= _TITLED


def _beginning(source: Source, name: str) -> str:
    try:
        with source.open(name) as file:
            return file.read(_BEGINNING).decode("utf-8-sig", "replace").replace("\r\n", "\n")
    except (FeedserverError, OSError):
        return ""
