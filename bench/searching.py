"""Questions to a site with 20,000 posts, from rare words to the dearest ones. In this process, on both databases."""

import itertools
import os
import random
import sys
import time
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import Final

from sqlalchemy import insert

from bench.figures import Figure
from bench.sites import Both
from feedserver.installation import init
from feedserver.posts.model import RENDERING
from feedserver.search import index
from feedserver.search.finding import find
from feedserver.search.query import parsed
from feedserver.search.words import entries, words_of
from feedserver.services import Services
from feedserver.settings import DatabaseSettings, Settings
from feedserver.storage import schema, word_index
from tests.support.postgres import VARIABLE, Cluster, new_database

_GROUP: Final = "search in 20,000 posts"
_POSTS: Final = 20_000
_WORDS: Final = 300  # in each
_AT_ONCE: Final = 500
_ROUNDS: Final = 25
_STEMS: Final = "con pro com pre int dis tra par sta sub per for res str gra cha".split()
_SHORT: Final = "the of and to in a is it for that".split()
_KANA: Final = "あいうえおかきくけこさしすせそたちつてとなにぬねの散歩東京日本語今天"
_QUESTIONS: Final = {
    "a rare word": "conzz",
    "a common word": "the",
    "a common phrase": '"of the"',
    "a phrase of common words": '"the of the of the"',
    "a phrase of few posts": '"the conaban of the"',
    "a phrase that no post has": '"the of proaban the of conaban"',
    "Japanese": "散歩",
    "sixteen common beginnings": " ".join(_STEMS),
}


def measure(both: Both) -> list[Figure]:
    """Of SQLite alone, and a line why, where PostgreSQL is not installed."""
    figures = _measure(Settings(data_dir=both.folder / "searching"), "SQLite")
    cluster = Cluster()
    if why_not := cluster.start():
        print(f"bench: search in PostgreSQL is not measured: {why_not}", file=sys.stderr)
        return figures
    try:
        with new_database(os.environ[VARIABLE]) as url:
            settings = Settings(data_dir=both.folder / "searching-postgres", database=DatabaseSettings(url=url))
            return figures + _measure(settings, "PostgreSQL")
    finally:
        cluster.stop()


def _measure(settings: Settings, database: str) -> list[Figure]:
    services = Services(settings)
    init(services, example=False)
    services.database.transact(word_index.remove)
    for first in range(0, _POSTS, _AT_ONCE):
        _write(services, first)
    began = time.perf_counter()
    services.database.transact(word_index.make)
    figures = [Figure(_GROUP, f"the index is made, {database}", time.perf_counter() - began, "s")]
    figures += [_figure(services, f"{name}, {database}", typed) for name, typed in _QUESTIONS.items()]
    services.database.close()
    return figures


def _figure(services: Services, name: str, typed: str) -> Figure:
    taken = sorted(map(partial(_milliseconds, services, typed), range(_ROUNDS)))
    note = f"the slowest of 20: {taken[_ROUNDS * 19 // 20]:.1f} ms"
    return Figure(_GROUP, name, median(taken), "ms", most=50, note=note)


def _milliseconds(services: Services, typed: str, _round: int) -> float:
    began = time.perf_counter()
    with services.database.read() as connection:
        find(connection, parsed(typed), services.clock(), limit=11)
    return (time.perf_counter() - began) * 1000


def _vocabulary() -> list[str]:
    """Words by how often they are used: first short ones, then many that begin alike."""
    endings = map("".join, itertools.product("aeiou", "bdlmnrst", "aeiou", "nst"))
    return _SHORT + [stem + ending for ending in endings for stem in _STEMS]


def _write(services: Services, first: int) -> None:
    """Writes posts beside what search goes by: rendering them would take minutes."""
    dice, vocabulary = random.Random(first), _vocabulary()
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(vocabulary) + 1)))
    rows: dict[str, list[dict[str, object]]] = {"posts": [], "listed": [], "search_texts": []}
    for post_id in range(first + 1, first + _AT_ONCE + 1):
        words = dice.choices(vocabulary, cum_weights=weights, k=_WORDS)
        text = " ".join([*words, *dice.choices(_KANA, k=40 if post_id % 10 == 0 else 0)]).replace(" 歩", "歩")
        at = datetime.fromisoformat("2010-01-01T00:00:00Z") + timedelta(hours=post_id)
        rows["posts"].append(_post(post_id, text, at))
        rows["listed"].append({"list": "site", "post_id": post_id, "published_at": at, "position": post_id})
        cut = words_of(text)
        made = {"cutting": index.CUTTING, "entries": entries(cut), "words": cut, "text": text}
        rows["search_texts"].append({"post_id": post_id, "updated_at": at, **made})
    with services.database.write() as connection:
        for table, some in rows.items():
            connection.execute(insert(schema.metadata.tables[table]), some)


def _post(post_id: int, text: str, at: datetime) -> dict[str, object]:
    texts = dict.fromkeys(("source", "html", "feed_html", "excerpt"), text)
    moments = dict.fromkeys(("published_at", "updated_at", "created_at"), at)
    named = {"id": post_id, "guid": f"urn:bench:{post_id}", "slug": f"post-{post_id}", "title": text[:40], "lang": "en"}
    closed = {"pings_open": False, "comments_open": False}
    return {**named, **texts, **moments, **closed, "state": "published", "rendering": RENDERING}
