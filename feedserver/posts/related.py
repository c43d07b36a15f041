"""Related posts: those that share rare tags and words. Computed when a post is written, for both posts of a pair.

A few dozen terms describe a post; the number of posts with each term is stored. Only the rarest terms are used, and a
bounded number of posts for each, so that the cost does not grow with the number of posts.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, union_all, update

from feedserver.posts.events import PostEvent
from feedserver.posts.links import RELATED
from feedserver.posts.model import Post
from feedserver.posts.visible import words
from feedserver.storage.batches import batches, rows_among
from feedserver.storage.schema import post_terms, posts, related, terms

_WORDS = 40  # terms that describe one post, besides its tags
_FOLLOWED = 16  # the rarest of them, by which related posts are found
_PER_TERM = 50  # posts that are scored for one term, the newest ones
_TAG_WEIGHT = 3.0
_ENOUGH = 2.0  # the least score of related posts
_WORD = re.compile(r"[^\W\d_]{4,}")
# English stop words. In other languages rarity alone decides.
_STOP_WORDS = frozenset(
    "about above after again against almost along also although always among another around because become been"
    " before being below between both came cannot come could does done down during each either else even ever every"
    " find first from give goes gone have having here hers herself himself however into itself just keep know later"
    " least less like made make many maybe might more most much must near need never next none nothing often once only"
    " other others over perhaps quite rather said same several shall should since some something still such take than"
    " that their them themselves then there these they thing things this those though through thus together under"
    " until upon very want well went were what when where whether which while whom whose will with within without"
    " would years your".split()
)


_Terms = Mapping[int, frozenset[str]]  # by the ids of posts
_Followed = list[tuple[int, str]]  # terms, the rarest first, each with the number of posts that have it

_TERMS: Final = [f"term{number}" for number in range(_FOLLOWED)]
_NO_TERM: Final = ""


def _holders_of(term: str) -> Select[Any]:
    query = select(post_terms.c.term, post_terms.c.post_id).where(post_terms.c.term == bindparam(term))
    return select(query.order_by(post_terms.c.post_id.desc()).limit(_PER_TERM + 1).subquery())  # one may be itself


_HOLDERS: Final = union_all(*map(_holders_of, _TERMS))  # of some terms, the newest ones of each
_FORGET: Final = delete(related).where(
    (related.c.post_id == bindparam("post")) | (related.c.other_id == bindparam("post"))
)


def follow(connection: Connection, events: Sequence[PostEvent]) -> None:
    """Updates the related posts for changed posts; for hidden ones too, as a scheduled post appears by the clock.

    Pages, and posts that pass, are related to none. Each post is scored among those before it, also in `events`, whose
    posts come by their ids where there are several.
    """
    if not (told := [event for event in events if not (event.post.page or event.post.is_passing)]):
        return
    new = {event.post.id: frozenset() if event.post.state == "deleted" else _describe(event.post) for event in told}
    changed = [event.post.id for event in told if not event.is_first]
    old = _forget(connection, changed, new) if changed else {}
    added = {post_id: terms_of - old.get(post_id, frozenset()) for post_id, terms_of in new.items()}
    counts = _counts(connection, sorted(frozenset().union(*new.values())))
    total = _newest_but(connection, [event.post.id for event in events])
    _relate(connection, new, _rarest_shared(new, added, counts), total)
    _add_terms(connection, added, counts)


def _describe(post: Post) -> frozenset[str]:
    """The terms of a post: its tags (`#tag`), the words of its title, its most frequent words."""
    title = _words(post.title)
    counted = Counter(_words(words(post.html)))
    ranked = sorted(counted, key=lambda word: (-counted[word], word))
    chosen = list(dict.fromkeys([*title, *ranked]))[:_WORDS]
    return frozenset([*chosen, *(f"#{tag.casefold()}" for tag in post.tags)])


def _forget(connection: Connection, post_ids: Sequence[int], new: _Terms) -> _Terms:
    """Forgets what posts are related to, and the terms that they have no more; returns all that they had."""
    connection.execute(_FORGET, [{"post": post_id} for post_id in post_ids])
    old: dict[int, frozenset[str]] = {}
    for post_id in post_ids:
        held = select(post_terms.c.term).where(post_terms.c.post_id == post_id)
        old[post_id] = frozenset(connection.execute(held).scalars())
        if removed := sorted(old[post_id] - new[post_id]):
            connection.execute(update(terms).where(terms.c.term.in_(removed)).values(posts=terms.c.posts - 1))
            of_post = post_terms.c.post_id == post_id
            connection.execute(delete(post_terms).where(of_post, post_terms.c.term.in_(removed)))
    return old


def _counts(connection: Connection, wanted: Sequence[str]) -> dict[str, int]:
    """How many posts have each term, of those that any post ever had."""
    rows = rows_among(connection, select(terms.c.term, terms.c.posts), terms.c.term, wanted)
    return {row.term: row.posts for row in rows}


def _rarest_shared(new: _Terms, added: _Terms, counts: Mapping[str, int]) -> dict[int, _Followed]:
    """The terms by which related posts of each post are found, counted up to it."""
    present = Counter(counts)
    found: dict[int, _Followed] = {}
    for post_id, terms_of in new.items():
        present.update(added[post_id])
        found[post_id] = sorted((present[term], term) for term in terms_of if present[term] > 1)[:_FOLLOWED]
    return found


def _relate(connection: Connection, new: _Terms, rarest: Mapping[int, _Followed], total: int) -> None:
    """Stores the posts that are most related to each of the new ones, and these as related to them.

    `total` is the number of posts before them.
    """
    wanted = sorted({term for followed in rarest.values() for _, term in followed})
    holders = _holders(connection, wanted, new)
    rows: list[dict[str, Any]] = []
    for post_id, followed in rarest.items():
        total = max(total, post_id)
        for other, score in _nearest(followed, holders, total):
            rows.append({"post_id": post_id, "other_id": other, "score": score})
            rows.append({"post_id": other, "other_id": post_id, "score": score})
        for term in new[post_id] & holders.keys():
            holders[term].append(post_id)
    if rows:
        connection.execute(insert(related), rows)


def _nearest(followed: _Followed, holders: Mapping[str, list[int]], total: int) -> list[tuple[int, float]]:
    """The posts with the highest scores, the nearest first; `total` is the number of posts."""
    scores: dict[int, float] = defaultdict(float)
    for number, term in followed:
        weight = _TAG_WEIGHT if term.startswith("#") else 1.0
        for other in holders[term][-_PER_TERM:]:
            scores[other] += weight * math.log(1 + total / number)
    nearest = sorted(scores.items(), key=lambda found: (-found[1], -found[0]))[: 2 * RELATED]
    return [(other, score) for other, score in nearest if score >= _ENOUGH]


def _newest_but(connection: Connection, post_ids: Collection[int]) -> int:
    """The highest id of other posts: approximately their number, in one look-up."""
    return connection.execute(select(func.max(posts.c.id)).where(posts.c.id.not_in(post_ids))).scalar_one() or 0


def _holders(connection: Connection, wanted: Sequence[str], but: Collection[int]) -> dict[str, list[int]]:
    """The newest posts that have each term, the newest last, without `but`."""
    found: dict[str, list[int]] = {term: [] for term in wanted}
    for some in batches(wanted, _FOLLOWED):
        for row in connection.execute(_HOLDERS, dict(zip_longest(_TERMS, some, fillvalue=_NO_TERM))):
            if row.post_id not in but:
                found[row.term].append(row.post_id)
    return {term: sorted(held) for term, held in found.items()}


def _add_terms(connection: Connection, added: _Terms, counts: Mapping[str, int]) -> None:
    """Stores the terms that posts have got, and the number of posts with each of them."""
    more = Counter(term for terms_of in added.values() for term in terms_of)
    for number in set(more.values()):
        for some in batches(sorted(term for term in more.keys() & counts.keys() if more[term] == number)):
            connection.execute(update(terms).where(terms.c.term.in_(some)).values(posts=terms.c.posts + number))
    if first := [{"term": term, "posts": more[term]} for term in sorted(more.keys() - counts.keys())]:
        connection.execute(insert(terms), first)
    if rows := [{"post_id": post_id, "term": term} for post_id, of_post in added.items() for term in sorted(of_post)]:
        connection.execute(insert(post_terms), rows)


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if word not in _STOP_WORDS]
