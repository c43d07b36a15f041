"""What waits for a moderator's look."""

from feedserver.thoughts.listing import Filters, by_state, count
from feedserver.thoughts.listing import ids as ids_of
from tests.support.moderating import moderate
from tests.thoughts.site import SiteWith, linking


def test_what_waits_is_neither_hidden_nor_on_a_deleted_post(site_with: SiteWith) -> None:
    site = site_with(moderation_pingbacks="hold")
    ids = []
    for number in range(3):
        post = site.publish(f"Post {number}")
        site.mention(site.url(post), f"http://other.example/{number}")
        ids.append(site.thoughts()[0].id)
    database, now = site.services.database, site.clock()
    moderate(database, ids[0], "hide", now)
    site.services.publisher.delete("post-1")

    with database.read() as connection:
        waits = Filters(waits=True)
        assert ids_of(connection, waits) == [ids[2]]
        assert count(connection, waits) == 1
        assert set(ids_of(connection, Filters(state="held"))) == set(ids)


def test_new_words_beside_approved_ones_wait_since_they_came(site_with: SiteWith) -> None:
    site = site_with(moderation_pingbacks="hold", limits_refetch=0)
    for source in ("http://old.example/", "http://new.example/"):
        site.mention(site.target, source)
        site.clock.move(days=1)
    old = next(one.id for one in site.thoughts() if one.host == "old.example")
    moderate(site.services.database, old, "approve", site.clock())
    site.clock.move(days=1)
    site.web.put("http://old.example/", linking(site.target, before="Other words about "))
    site.ping("http://old.example/", site.target)
    site.run_jobs()

    with site.services.database.read() as connection:
        waits = Filters(waits=True)
        assert ids_of(connection, waits)[0] == old, "the newest first"
        assert ids_of(connection, waits, 1, 1) == [one for one in ids_of(connection, waits) if one != old]
        assert count(connection, waits) == 2


def test_the_thoughts_of_a_post_are_counted_by_state(site_with: SiteWith) -> None:
    site = site_with(moderation_pingbacks="hold")
    for number in range(3):
        site.mention(site.target, f"http://{number}.example/")
    moderate(site.services.database, site.thoughts()[0].id, "spam", site.clock())

    with site.services.database.read() as connection:
        assert by_state(connection, site.thoughts()[0].post_id) == {"held": 2, "spam": 1}
        assert by_state(connection, 999) == {}
