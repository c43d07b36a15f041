"""What is stored of a source is bounded by its thoughts."""

import json
from typing import Any

import pytest
from sqlalchemy import select, text

from feedserver.errors import BadStatus
from feedserver.storage.schema import read_ahead, sources
from feedserver.thoughts.verification import sources as records
from tests.thoughts.site import SOURCE, Site, linking
from tests.thoughts.test_retention import clean

LONG = "http://other.example/" + "a" * 2_000


def stored(site: Site) -> dict[str, Any]:
    """The one row of `sources`."""
    with site.services.database.read() as connection:
        return dict(connection.execute(select(sources)).mappings().one())


def ahead(site: Site) -> list[dict[str, Any]]:
    """What is stored on posts that were not pinged, of each source."""
    with site.services.database.read() as connection:
        return [json.loads(found) for found in connection.execute(select(read_ahead.c.findings)).scalars()]


def published(site: Site, number: int) -> list[str]:
    return [site.url(site.publish(f"Post {one}")) for one in range(number)]


def test_name_and_title_of_a_page_are_stored_once_and_each_post_has_its_own_words(site: Site) -> None:
    targets = published(site, 5)
    site.web.put(SOURCE, linking(*targets, title="A title of a page"))

    assert [site.ping(SOURCE, target).outcome for target in targets] == ["registered"] * 5
    site.clock.move(seconds=300)
    site.ping(SOURCE, targets[0])
    site.run_jobs()

    findings = json.loads(stored(site)["findings"])
    assert findings["page"]["title"] == "A title of a page"
    assert [sorted(own) for own in findings["mentions"].values()] == [["excerpt", "fingerprint", "hidden"]] * 5
    assert len(site.web.fetched) == 2


def test_what_a_page_says_on_posts_that_were_not_pinged_is_not_stored_with_its_thoughts(site: Site) -> None:
    targets = published(site, 5)
    site.web.put(SOURCE, linking(*targets))
    site.ping(SOURCE, targets[0])

    assert len(json.loads(stored(site)["findings"])["mentions"]) == 1
    (further,) = ahead(site)
    assert len(further["mentions"]) == 4


def test_further_posts_are_forgotten_when_the_source_may_be_fetched_again(site: Site) -> None:
    first, second = published(site, 2)
    site.web.put(SOURCE, linking(first, second), etag='"x"')
    site.ping(SOURCE, first)
    site.clock.move(seconds=300)

    assert site.ping(SOURCE, second).outcome == "registered"

    assert (len(site.web.fetched), site.web.unchanged) == (2, 0), "the page is read anew, and whole"
    assert ahead(site) == []


def test_further_posts_are_forgotten_after_a_day_though_nobody_pings_the_source_again(site: Site) -> None:
    first, second = published(site, 2)
    site.web.put(SOURCE, linking(first, second))
    site.ping(SOURCE, first)
    assert ahead(site)

    site.clock.move(hours=25)
    clean(site)

    assert ahead(site) == []


def test_further_posts_are_stored_for_the_newest_sources_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_MOST_AHEAD", 3)
    first, second = published(site, 2)
    for number in range(5):
        site.clock.move(seconds=1)
        site.web.put(f"http://other{number}.example/", linking(first, second, before=f"As {number} says: "))
        site.ping(f"http://other{number}.example/", first)

    found = [next(iter(one["mentions"].values()))["excerpt"] for one in ahead(site)]

    assert len(found) == 3
    assert not any(f"As {number} says" in words for words in found for number in (0, 1))


def test_a_source_whose_pings_were_all_refused_leaves_no_words_and_is_not_fetched_again_too_soon(
    site: Site, target: str
) -> None:
    site.web.put(SOURCE, "<title>A long title</title>" + linking(), etag='"x"')
    assert site.ping(SOURCE, target).outcome == 17

    row = stored(site)
    assert (row["etag"], row["read_at"]) == (None, None)
    assert "title" not in row["findings"].lower().replace('"title"', "")
    assert row["expires_at"] is not None
    assert site.ping(SOURCE, target).outcome == "accepted"
    assert len(site.web.fetched) == 1


def test_a_source_with_a_thought_that_stands_does_not_expire(site: Site, target: str) -> None:
    site.web.fail(SOURCE, BadStatus(404))
    site.ping(SOURCE, target)
    site.clock.move(seconds=300)

    site.mention(target, etag='"x"')

    row = stored(site)
    assert (row["etag"], row["expires_at"]) == ('"x"', None)


def test_a_long_address_of_a_source_is_not_stored_a_second_time(site: Site, target: str) -> None:
    site.mention(target, LONG)

    assert len(stored(site)["source"]) == 32


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_words_of_a_page_are_not_stored_for_each_post_that_it_links_to(site: Site) -> None:
    """A page made to be large: long name, title and excerpts, links to many posts."""
    targets = published(site, 40)
    said = "\U00010400" * 3_000
    site.web.put(SOURCE, linking(*targets, before=said, title=said))

    site.ping(SOURCE, targets[0])

    with site.services.database.read() as connection:
        size = connection.execute(text("SELECT sum(length(CAST(findings AS BLOB))) FROM sources")).scalar_one()
    assert size < 10_000
