"""Addresses of a WordPress site: those that led to a post, and what its archives are called here. Pure."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product
from typing import Final
from urllib.parse import quote, unquote

from feedserver.transfer.formats.address_parts import encoded_path_of
from feedserver.transfer.formats.wordpress_index import Index, Term
from feedserver.transfer.formats.wordpress_uploads import Attachment
from feedserver.transfer.items import ImportedRedirect
from feedserver.urls import segment

_MAX_FORMER: Final = 50  # addresses of one post
_MAX_PARENTS: Final = 10  # of a category
_MAX_AUTHORS: Final = 10_000
_MAX_DAYS: Final = 50_000
FEEDS: Final = {
    "/feed/": "rss",
    "/feed/rss/": "rss",
    "/feed/rss2/": "rss",
    "/feed/atom/": "atom",
    "/?feed=rss2": "rss",
    "/?feed=rss": "rss",
    "/?feed=atom": "atom",
}


def former(url: str, slug: str, at: str, old_slugs: Collection[str], old_dates: Collection[str]) -> list[str]:
    """Addresses that a post had under other slugs and dates; `at` is its date at the site (`2023-03-04 …`)."""
    path = encoded_path_of(url)
    last = path.rstrip("/").rpartition("/")[2]
    if not last or not (old_slugs or old_dates):
        return []
    slugs = [last, *old_slugs] if unquote(last) == slug else [last]
    dates = [at, *old_dates]
    before, _, after = path.rpartition(last)
    found: dict[str, None] = {}
    for name, day in product(slugs, dates):
        changed = _dated(f"{before}{quote(unquote(name))}{after}", at, day)
        if changed != path:
            found[url.replace(path, changed, 1)] = None
    return list(found)[:_MAX_FORMER]


def _dated(path: str, at: str, day: str) -> str:
    """`path` with the steps of another date, as far as it has those of its own."""
    own, other = at[:10].split("-"), day[:10].split("-")
    if len(own) == len(other) == 3:
        for steps in (3, 2, 1):
            if (mine := f"/{'/'.join(own[:steps])}/") in path:
                return path.replace(mine, f"/{'/'.join(other[:steps])}/", 1)
    return path


@dataclass(slots=True)
class Archives:
    """The lists that public posts of a site stood in."""

    index: Index
    _categories: set[str] = field(default_factory=set)
    _tags: set[str] = field(default_factory=set)
    _authors: dict[str, str] = field(default_factory=dict)
    _days: set[date] = field(default_factory=set)

    def note(self, terms: Collection[tuple[str, str]], author: str, name: str, at: str) -> None:
        """A public post: its terms (kind and slug), the login and name of its author, and its date at the site."""
        self._categories.update(slug for kind, slug in terms if kind == "category" and slug in self.index.categories)
        self._tags.update(slug for kind, slug in terms if kind == "post_tag" and slug in self.index.tags)
        if author and name and len(self._authors) < _MAX_AUTHORS:
            self._authors.setdefault(author, name)
        with suppress(ValueError):
            if len(self._days) < _MAX_DAYS:
                self._days.add(date.fromisoformat(at[:10]))

    def redirects(self) -> Iterator[ImportedRedirect]:
        """Where the addresses of these lists, and of their feeds, lead here."""
        for one in self._redirects():
            yield replace(one, old=f"{self.index.url}{one.old}")

    def _redirects(self) -> Iterator[ImportedRedirect]:
        for slug in sorted(self._categories):
            term = self.index.categories[slug]
            if term.name:
                old = dict.fromkeys((f"/category/{self._path(term)}", f"/category/{_step(slug)}"))
                yield from _to_list(f"category “{term.name}”", old, f"/?cat={term.id}", f"/tags/{segment(term.name)}")
        for slug in sorted(self._tags):
            term = self.index.tags[slug]
            if term.name:
                yield from _to_list(
                    f"tag “{term.name}”", (f"/tag/{_step(slug)}",), f"/?tag={slug}", f"/tags/{segment(term.name)}"
                )
        for login, name in sorted(self._authors.items()):
            address = f"/author/{_step(login.lower().replace(' ', '-').replace('.', '-'))}"
            yield from _to_list(f"author “{name}”", (address,), "", f"/authors/{segment(name)}")
        for days in sorted({*self._years(), *self._months(), *self._whole_days()}):
            yield ImportedRedirect(where="the archives", old=f"/{days}/", new=f"/archive/{days[:4]}")

    def _years(self) -> Iterator[str]:
        return (f"{day:%Y}" for day in self._days)

    def _months(self) -> Iterator[str]:
        return (f"{day:%Y/%m}" for day in self._days)

    def _whole_days(self) -> Iterator[str]:
        return (f"{day:%Y/%m/%d}" for day in self._days)

    def _path(self, term: Term) -> str:
        """The steps of a category's address: the categories that it is part of come first."""
        steps, parent = [_step(term.slug)], self.index.categories.get(term.parent)
        while parent is not None and len(steps) < _MAX_PARENTS:
            steps.append(_step(parent.slug))
            parent = self.index.categories.get(parent.parent)
        return "/".join(reversed(steps))


def of_attachment(one: Attachment, base: str, parent: str | None) -> Iterator[ImportedRedirect]:
    """The page of a file leads to the post that the file was uploaded to, else to the file."""
    for old in (one.page, f"{base}/?attachment_id={one.id}"):
        if old and old not in (one.url, one.used, parent):
            yield ImportedRedirect(where=one.where, old=old, new=parent or one.url)


def _to_list(where: str, addresses: Collection[str], query: str, new: str) -> Iterator[ImportedRedirect]:
    for address in addresses:
        yield ImportedRedirect(where=where, old=f"{address}/", new=new)
        yield ImportedRedirect(where=where, old=f"{address}/feed/", new=f"{new}/feed.rss")
        yield ImportedRedirect(where=where, old=f"{address}/feed/atom/", new=f"{new}/feed.atom")
    if query:
        yield ImportedRedirect(where=where, old=query, new=new)


def _step(slug: str) -> str:
    return quote(unquote(slug))
