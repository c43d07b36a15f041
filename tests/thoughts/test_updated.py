"""`updated_at` of a thought: when its content last changed, in whole seconds."""

import json
import re
from datetime import datetime, timedelta

from lxml import etree

from feedserver.posts.model import Post
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.moderation.actions import undo
from tests.thoughts.forms import Commenter
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

UNEVEN = timedelta(microseconds=654_321)


def read_again(site: Site, before: str) -> datetime:
    """The source says something else, which its recheck reads. Returns when, in whole seconds."""
    site.web.put(SOURCE, linking(site.target, before=before))
    site.run_next_job()
    site.clock.now += UNEVEN
    return site.clock().replace(microsecond=0)


def test_a_thought_that_never_changed_was_updated_when_it_was_received(site_with: SiteWith) -> None:
    site = site_with(pingback_places=0, moderation_pingbacks="hold")
    site.clock.now += UNEVEN
    received = site.clock().replace(microsecond=0)
    site.mention(site.target)
    site.clock.move(seconds=20)
    site.run_jobs()
    site.moderate("approve")
    read_again(site, before="I read ")

    thought = site.only_thought()

    assert (thought.state, thought.received_at, thought.updated_at) == ("shown", received, received)


def test_a_comment_was_updated_when_it_was_received(site: Site, post: Post) -> None:
    site.clock.now += UNEVEN
    Commenter(site).send()
    sent = site.clock().replace(microsecond=0)
    site.clock.move(days=1)
    site.moderate("approve", None)

    assert (site.only_thought().received_at, site.only_thought().updated_at) == (sent, sent)
    assert 'datetime="2026-03-08T12:00:05Z"' in site.page(post)


def test_content_that_changes_moves_it_and_nothing_else_does(site: Site) -> None:
    site.mention(site.target)
    moved = read_again(site, before="On second thoughts, I read ")
    assert site.only_thought().updated_at == moved

    site.web.put(SOURCE, "<p>No link any more.</p>")
    site.run_next_job()
    site.clock.move(days=1)
    site.ping(SOURCE, site.target)
    actions: list[Action] = ["hide", "approve", "spam"]
    for action in actions:
        site.clock.move(days=1)
        site.moderate(action)

    assert site.only_thought().updated_at == moved


def test_pending_content_moves_it_when_it_is_approved_and_when_that_is_undone(site: Site) -> None:
    site.mention(site.target)
    site.moderate("approve")
    read_again(site, before="On second thoughts, I read ")
    shown = site.thoughts()[-1]
    assert (shown.updated_at, shown.pending_content is not None) == (shown.received_at, True)

    site.clock.move(days=1)
    site.moderate("approve")
    assert site.only_thought().updated_at == site.clock().replace(microsecond=0)

    site.clock.move(days=1)
    undo(site.services.database, site.clock())
    assert site.thoughts()[-1].updated_at == site.clock().replace(microsecond=0)


def test_feeds_show_that_the_words_changed_and_the_thought_keeps_its_place_and_id(site: Site) -> None:
    site.clock.now += UNEVEN
    site.mention(site.target)
    Commenter(site, site.publish("Another").slug).send()
    site.moderate("approve", None)
    before = {fmt: site.client.get(f"/thoughts.{fmt}").data for fmt in ("rss", "atom", "json")}

    moved = read_again(site, before="On second thoughts, I read ")

    after = {fmt: site.client.get(f"/thoughts.{fmt}").data for fmt in before}
    old, new = (json.loads(feeds["json"])["items"] for feeds in (before, after))
    assert [item["id"] for item in new] == [item["id"] for item in old]
    [was] = [item for item in old if item["_feedserver"]["kind"] == "pingback"]
    [now] = [item for item in new if item["_feedserver"]["kind"] == "pingback"]
    assert "On second thoughts" in now["content_text"]
    assert now["date_published"] == was["date_published"] == was["date_modified"]
    assert datetime.fromisoformat(now["date_modified"]) == moved
    for fmt in ("rss", "atom"):
        path = f".//{{{'http://www.w3.org/2005/Atom'}}}updated"
        moments = {
            datetime.fromisoformat(element.text or "") for element in etree.fromstring(after[fmt]).iterfind(path)
        }
        assert moved in moments


def test_a_receipt_tells_whole_seconds(site: Site) -> None:
    site.clock.now += UNEVEN

    told = site.receipt(site.mention(site.target).receipt)

    times = [told["received_at"], told["checked_at"], told["next_check_at"], *(line["at"] for line in told["timeline"])]
    assert all(re.fullmatch(r"2026-03-\d\dT\d\d:\d\d:\d\dZ", time) for time in times), times
