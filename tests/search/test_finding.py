"""The same posts are found on both databases, with and without the index: those that a plain reference finds."""

from collections.abc import Mapping
from datetime import timedelta
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from feedserver.posts import store
from feedserver.search import finding
from feedserver.search.query import Query, Term, parsed
from feedserver.services import WebServices
from feedserver.storage import word_index
from feedserver.storage.schema import metadata, search_texts
from tests.posts.builders import edit
from tests.search import corpus
from tests.support.fixtures import Publish
from tests.support.outside import Clock

FIELDS: Mapping[str, list[str]] = {name: corpus.fields_of(name) for name in corpus.TEXTS}
WORDS = sorted({word for fields in FIELDS.values() for field in fields for word in corpus.cut(field)})


def found(services: WebServices, typed: str, limit: int = 100, offset: int = 0) -> list[str]:
    """The slugs of what is found, newest first."""
    with services.database.read() as connection:
        ids = finding.find(connection, parsed(typed), services.clock(), limit, offset)
        return [post.slug for post in store.in_order(connection, ids)]


def expected(typed: str) -> set[str]:
    """The names of the texts in the corpus that are meant."""
    query = parsed(typed)

    def has(fields: list[str], term: Term) -> bool:
        return any(corpus.holds(field, term.words, goes_on=term.goes_on) for field in fields)

    return {
        name
        for name, fields in FIELDS.items()
        if query.wanted
        and all(has(fields, term) for term in query.wanted)
        and not any(has(fields, term) for term in query.excluded)
    }


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("strasse", "german"),
        ("STRAßE", "german"),
        ("fuß", "german"),
        ("smorrebrod", "danish"),
        ("Smørrebrød", "danish"),
        ("ærø", "danish"),
        ("deja brulee", "french"),
        ("C++", "languages"),
        ("e-mail", "languages"),
        ("email", "languages"),
        ("e-mails", "languages"),
        ("mail", "languages hosts"),
        ("example.com", "hosts"),
        ("alice.example.com", "hosts"),
        ("bob.example.com", ""),
        ("angstrom", "marks"),
        ("fish viii abc", "marks"),
        ("ежик", "russian"),
        ("שלום", "hebrew"),
        ("السلام", "arabic"),
        ("散歩", "japanese mixed"),
        ("歩し", "japanese"),
        ("散步", "chinese"),
        ("大学", "chinese"),
        ("北京大学的学生", "chinese"),
        ("日本人", ""),
        ("カタカナ", "japanese"),
        ("国", ""),
        ("국어", "korean"),
        ("한", "korean"),
        ("ไทย", "thai"),
        ("ສາ", "lao"),
        ("ខ្មែរ", "khmer"),
        ("ဘာသာ", "burmese"),
        ("iphone", "mixed"),
        ("ai", "mixed"),
        ("3日", "mixed"),
        ("3月", ""),
        ("1 3月", ""),
        ("web3", "mixed"),
        ("moon", "emoji order phrase"),
        ("mo", ""),
        ("moo", "emoji order phrase"),
        ("oon", ""),
        ('"moon landing"', "phrase emoji"),
        ('"landing moon"', "order"),
        ("moon -landing", ""),
        ('moon -"moon landing"', "order"),
        ('"to be"', "order"),
        ('"be to"', ""),
        ('"not to be that"', "order"),
        ('"the of"', ""),
        ('"space travel"', "phrase"),
        ('"travel apollo"', ""),
        ("apollo step", "phrase"),
        ("bronte", "phrase"),
        ("gross", "german"),
        ("night at last", "emoji"),
        ("lighthouse", "code"),
        ("spam_eggs", "code"),
        ("indented code", "code"),
        ("cooperate", "hyphen"),
        ("don't", "hyphen"),
        ("buffalo end", "equal"),
        ('"buffalo end"', "equal"),
        ("2026", "digits"),
        ('"2026"', "digits"),
        ("202", "digits"),
        ("٣٤", "digits"),
        ("x" * 64, "long"),
        ("x" * 70 + "a", "long"),
        ("x" * 70 + "c", ""),
        ('"' + "x" * 64 + '"', "long"),
        ('"' + "x" * 70 + '"', ""),
        ("-moon", ""),
        ("🌙", ""),
    ],
    ids=ascii,
)
def test_the_reference_finds_what_the_interface_says(typed: str, names: str) -> None:
    assert expected(typed) == set(names.split())


def test_the_databases_find_what_the_reference_finds(services: WebServices) -> None:
    corpus.publish_all(services)
    joints = st.sampled_from([" ", " ", " ", "-", '" "', ' -"', '"', " -", "", "・"])
    pieces = st.sampled_from(WORDS).flatmap(
        lambda word: st.tuples(st.integers(0, len(word) - 1), st.integers(1, len(word))).map(
            lambda cut: word[min(cut) : max(cut)] if cut[0] < 3 else word
        )
    )
    neighbours = st.sampled_from([words for fields in FIELDS.values() for words in map(corpus.cut, fields) if words])
    runs = neighbours.flatmap(
        lambda words: st.tuples(st.integers(0, len(words) - 1), st.integers(1, 4)).map(
            lambda cut: " ".join(words[cut[0] : sum(cut)])
        )
    )
    questions = st.lists(st.tuples(joints, pieces | runs), min_size=1, max_size=4).map(
        lambda parts: "".join(part for pair in parts for part in pair)
    )

    @settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
    @given(questions)
    def compare(typed: str) -> None:
        assert set(found(services, typed)) == expected(typed)

    compare()
    services.database.transact(word_index.remove)
    compare()


def test_the_newest_come_first_page_by_page(services: WebServices, publish: Publish) -> None:
    for number in range(25):
        publish(f"Moon {number}", f'"{number}" is a number', slug=f"moon-{number}", date=f"2026-01-{number + 1:02}")

    newest_first = [f"moon-{number}" for number in range(24, -1, -1)]

    for typed in ("moon", '"is a number"'):
        assert found(services, typed) == newest_first
        assert found(services, typed, 10, 10) == newest_first[10:20]
        assert found(services, typed, 10, 20) == newest_first[20:]
        assert found(services, typed, 10, 30) == []


@pytest.mark.parametrize("typed", ['"one is a number"', 'moon -"two is a number"', "one-is-a-numb"])
def test_what_the_index_cannot_tell_is_looked_through_within_a_bound_that_is_the_same_on_both(
    services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    for number in range(12):
        publish(f"Moon {number}", "One is a number", slug=f"moon-{number}", date=f"2026-01-{number + 1:02}")
    newest_first = [f"moon-{number}" for number in range(11, -1, -1)]

    assert found(services, typed) == newest_first

    monkeypatch.setattr(finding, "_READ_AT_ONCE", 2)
    monkeypatch.setattr(finding, "MOST_CHARACTERS", len("one is a number\nmoon 11\n") * 3)
    assert found(services, typed) == newest_first[:4]
    assert found(services, f"{typed} -one-is-nothing") == newest_first[:2]
    services.database.transact(word_index.remove)
    assert found(services, typed) == newest_first[:4]
    assert found(services, "moon") == newest_first
    assert found(services, '"is a"') == newest_first


def test_candidates_are_asked_for_until_there_are_no_more(
    services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_ASKED_AT_ONCE", 3)
    for number in range(9):
        words = "One is a number" if number < 2 else "One of many is a number"
        publish(
            f"Moon {number}", f"is a number, one is, {words}", slug=f"moon-{number}", date=f"2026-01-{number + 1:02}"
        )

    assert found(services, '"one is a number"') == ["moon-1", "moon-0"]
    assert found(services, '"one of many is"') == [f"moon-{number}" for number in range(8, 1, -1)]


@pytest.mark.one_database
@pytest.mark.parametrize(
    "typed",
    [
        '"walrus walrus walrus sealions"',
        '"walrus walrus" walrus-walrus-walrus "walrus walrus sealions" -"walrus walrus walrus zebra"',
        'walrus -"walrus walrus walrus walrus" -"sealions walrus walrus"',
        " ".join(["wal", "sea", "zeb", "walr", "seal", "zebr", "walru", "sealio", *"abcdefgh"]),
    ],
    ids=["a phrase", "phrases", "exclusions", "beginnings"],
)
def test_the_dearest_questions_read_no_more_texts_than_the_bound(
    services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    post = publish("Walrus", "walrus walrus walrus walrus zebra sealions walrus walrus a b c d e f g h " * 20)
    text = services.database.transact(_words)
    _copy(services, post.id, 2_500)
    monkeypatch.setattr(finding, "MOST_CHARACTERS", len(text) * 2_000)
    looked: list[int] = []
    real = Query.matches

    def counted(query: Query, words: str) -> bool:
        looked.append(len(words) * len(query.wanted + query.excluded))
        return real(query, words)

    monkeypatch.setattr(Query, "matches", counted)
    began = process_time()

    found(services, typed, 11)

    assert process_time() - began < 2
    assert sum(looked) <= finding.MOST_CHARACTERS + max(looked, default=0) * finding._READ_AT_ONCE


def _words(connection: Connection) -> str:
    return str(connection.execute(select(search_texts.c.words)).scalar_one())


def _copy(services: WebServices, post_id: int, times: int) -> None:
    """Copies of a post, with what lists and search go by."""
    changed = {"id": "n", "post_id": "n", "guid": "'copy-' || n", "slug": "'copy-' || n", "position": "1000 + n"}
    with services.database.write() as connection:
        word_index.remove(connection)
        for table, column in (("posts", "id"), ("listed", "post_id"), ("search_texts", "post_id")):
            names = metadata.tables[table].columns.keys()
            values = ", ".join(changed.get(name, name) for name in names)
            last = 999 + times
            numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
            connection.exec_driver_sql(
                f"{numbers} INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table}, numbers"
                f" WHERE {column} = {post_id}"
            )
        word_index.make(connection)


def test_a_text_too_large_for_the_index_is_looked_through(services: WebServices, publish: Publish) -> None:
    large = " ".join(map(str, range(100_000, 240_000)))
    publish("Numbers", f"{large} **moon landing**", slug="numbers", date="2026-01-02")
    publish("Moon", "landing", slug="moon", date="2026-01-01")
    publish("Stars", "landing", slug="stars", date="2026-01-03")

    assert found(services, "moon landing") == ["numbers", "moon"]
    assert found(services, "moon landing", 1, 1) == ["moon"]
    assert found(services, '"moon landing"') == ["numbers"]
    assert found(services, "239999") == ["numbers"]
    assert found(services, "landing -239999") == ["stars", "moon"]


def test_readers_find_what_they_can_see(services: WebServices, publish: Publish, clock: Clock) -> None:
    publish("Moon", slug="moon")
    publish("Moon draft", slug="draft", draft="true")
    publish("Moon later", slug="later", date=(clock() + timedelta(days=1)).isoformat())
    publish("Moon page", slug="about-the-moon", page="true", date="2026-01-01")
    publish("Moon gone", slug="gone")
    services.publisher.delete("gone")

    assert found(services, "moon") == ["moon", "about-the-moon"]

    clock.move(days=1)
    assert found(services, "moon") == ["later", "moon", "about-the-moon"]

    services.publisher.restore("gone")
    edit(services, "moon", "Stars")
    edit(services, "draft", "Moon drafted no more", date="2026-01-02")
    assert set(found(services, "moon")) == {"later", "gone", "draft", "about-the-moon"}
    assert found(services, "stars") == ["moon"]
