"""All posts by year for people: `/archive` names the years and the newest posts, `/archive/YEAR` those of one year."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Final, TypeVar

from flask import Blueprint, Response, abort, render_template
from sqlalchemy import Connection

from feedserver.feeds.autodiscovery import for_site
from feedserver.pages import menu
from feedserver.pages.cache import CachedPage
from feedserver.pages.menu import Menu
from feedserver.pages.responses import cached
from feedserver.pages.views import asked_page
from feedserver.posts import archive as posts
from feedserver.posts.archive import Year
from feedserver.posts.model import PostLink
from feedserver.services import services
from feedserver.urls import page_number

blueprint = Blueprint("archive", __name__)

_ON_A_PAGE: Final = 500  # posts

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Group:
    """Posts under one heading, a year or a month. `url` leads to all `count` of them, if some may be left out here."""

    heading: str
    posts: Sequence[PostLink]
    url: str | None = None
    count: int = 0


@blueprint.get("/archive")
def archive() -> Response:
    return cached("archive", _render_years)


@blueprint.get("/archive/<year>")
def year(year: str) -> Response:
    number, page = page_number(year) or abort(404), asked_page()
    return cached(("archive", number, page), partial(_render_year, number, page))


def _render_years(connection: Connection, now: datetime) -> CachedPage:
    urls, zone = services().urls, services().settings.site.zone
    years = posts.years(connection, now, zone)
    newest = posts.posts_between(connection, years[-1].start, years[0].end, _ON_A_PAGE, 0) if years else []
    shown = dict(_by(newest, lambda post: post.published_at.astimezone(zone).year))
    groups = [
        Group(str(year.number), shown.get(year.number, ()), urls.archive(year.number), year.count) for year in years
    ]
    return _page(menu.read(connection, now, urls), groups, urls.archive(), years)


def _render_year(number: int, page: int, connection: Connection, now: datetime) -> CachedPage:
    urls, zone, language = services().urls, services().settings.site.zone, services().language
    years = posts.years(connection, now, zone)
    year = next((year for year in years if year.number == number), None) or abort(404)
    shown = posts.posts_between(connection, year.start, year.end, _ON_A_PAGE, (page - 1) * _ON_A_PAGE) or abort(404)
    months = _by(shown, lambda post: language.month(post.published_at))
    groups = [Group(month, of_month) for month, of_month in months]
    return _page(menu.read(connection, now, urls), groups, urls.archive(number, page), years, year, page)


def _page(
    menu: Menu,
    groups: Sequence[Group],
    canonical: str,
    years: Sequence[Year],
    year: Year | None = None,
    page: int = 1,
) -> CachedPage:
    html = render_template(
        "archive.html",
        groups=groups,
        years=years,
        year=year,
        page=page,
        has_older=year is not None and year.count > page * _ON_A_PAGE,
        canonical=canonical,
        feeds=for_site(),
        menu=menu,
    )
    return CachedPage((html.encode(),))


def _by(found: Iterable[PostLink], key: Callable[[PostLink], K]) -> list[tuple[K, list[PostLink]]]:
    """Posts by what `key` says of them, in their order."""
    return [(of_group, list(group)) for of_group, group in groupby(found, key)]
