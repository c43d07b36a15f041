"""Related posts: those that share rare tags and words. Computed when a post is written, for both posts of a pair.

A few dozen terms describe a post; the number of posts with each term is stored. Only the rarest terms are used, and a
bounded number of posts for each, so that the cost does not grow with the number of posts.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from feedserver.posts.events import PostEvent
from feedserver.posts.links import RELATED
from feedserver.posts.model import Post
from feedserver.posts.visible import words
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


# Made once: to make them takes longer than to run them, and an import runs twenty of them for each post.
_NEWEST_ID: Final = select(func.max(posts.c.id))  # approximately the number of posts, in one look-up
_RAREST_SHARED: Final = (
    select(terms.c.term, terms.c.posts)
    .join(post_terms, post_terms.c.term == terms.c.term)
    .where(post_terms.c.post_id == bindparam("post"), terms.c.posts > 1)
    .order_by(terms.c.posts, terms.c.term)
    .limit(_FOLLOWED)
)
_HOLDERS: Final = (
    select(post_terms.c.post_id)
    .where(post_terms.c.term == bindparam("term"), post_terms.c.post_id != bindparam("post"))
    .order_by(post_terms.c.post_id.desc())
    .limit(_PER_TERM)
)
_FORGET: Final = delete(related).where(
    (related.c.post_id == bindparam("post")) | (related.c.other_id == bindparam("post"))
)


def follow(connection: Connection, event: PostEvent) -> None:
    """Updates the related posts for a changed post; for hidden ones too, as a scheduled post appears by the clock.

    Pages are related to none.
    """
    post = event.post
    if post.page:
        return
    _update_terms(connection, post.id, frozenset() if post.state == "deleted" else _describe(post))
    _relate(connection, post.id)


def _describe(post: Post) -> frozenset[str]:
    """The terms of a post: its tags (`#tag`), the words of its title, its most frequent words."""
    title = _words(post.title)
    counted = Counter(_words(words(post.html)))
    ranked = sorted(counted, key=lambda word: (-counted[word], word))
    chosen = list(dict.fromkeys([*title, *ranked]))[:_WORDS]
    return frozenset([*chosen, *(f"#{tag.casefold()}" for tag in post.tags)])


def _update_terms(connection: Connection, post_id: int, new: frozenset[str]) -> None:
    """Stores the terms of a post, and the number of posts with each of them."""
    old = set(connection.execute(select(post_terms.c.term).where(post_terms.c.post_id == post_id)).scalars())
    if removed := sorted(old - new):
        connection.execute(update(terms).where(terms.c.term.in_(removed)).values(posts=terms.c.posts - 1))
        connection.execute(delete(post_terms).where(post_terms.c.post_id == post_id, post_terms.c.term.in_(removed)))
    if added := sorted(new - old):
        _count_more(connection, added)
        connection.execute(insert(post_terms), [{"post_id": post_id, "term": term} for term in added])


def _relate(connection: Connection, post_id: int) -> None:
    """Stores the posts that are most related to this one, and this one as related to them."""
    connection.execute(_FORGET, {"post": post_id})
    nearest = sorted(_scores(connection, post_id).items(), key=lambda found: (-found[1], -found[0]))
    rows = [(other, score) for other, score in nearest[: 2 * RELATED] if score >= _ENOUGH]
    if rows:
        there = [{"post_id": post_id, "other_id": other, "score": score} for other, score in rows]
        back = [{"post_id": other, "other_id": post_id, "score": score} for other, score in rows]
        connection.execute(insert(related), there + back)


def _count_more(connection: Connection, added: list[str]) -> None:
    known = set(connection.execute(select(terms.c.term).where(terms.c.term.in_(added))).scalars())
    if known:
        connection.execute(update(terms).where(terms.c.term.in_(known)).values(posts=terms.c.posts + 1))
    if first := [{"term": term, "posts": 1} for term in added if term not in known]:
        connection.execute(insert(terms), first)


def _scores(connection: Connection, post_id: int) -> dict[int, float]:
    total = connection.execute(_NEWEST_ID).scalar_one()
    scores: dict[int, float] = defaultdict(float)
    for term, holders in _rarest_shared(connection, post_id):
        weight = _TAG_WEIGHT if term.startswith("#") else 1.0
        for other in _holders(connection, term, post_id):
            scores[other] += weight * math.log(1 + total / holders)
    return scores


def _rarest_shared(connection: Connection, post_id: int) -> list[tuple[str, int]]:
    return [(row.term, row.posts) for row in connection.execute(_RAREST_SHARED, {"post": post_id})]


def _holders(connection: Connection, term: str, post_id: int) -> Iterable[int]:
    return connection.execute(_HOLDERS, {"term": term, "post": post_id}).scalars()


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if word not in _STOP_WORDS]
