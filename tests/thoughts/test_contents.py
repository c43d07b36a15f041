"""What is stored of contents as JSON: a program of a release before reads it beside ours, and we read what it wrote."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select

from feedserver.storage import schema
from feedserver.thoughts import store
from feedserver.thoughts.lifecycle import Linked
from feedserver.thoughts.model import Content, LinkSignals, Thought
from feedserver.thoughts.moderation.actions import undo
from feedserver.thoughts.moderation.erase import erase
from feedserver.thoughts.source.entry import Entry
from feedserver.thoughts.source.findings import Findings, Mention, from_json
from feedserver.thoughts.verification.settle import Settler
from tests.thoughts.site import Site

CONTENT = Content("Other Blog", "http://other.example/", "Title", "[…] words […]", "f00d")
REPLY = replace(CONTENT, response="reply", published_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
KNOWN_BEFORE = {"author_name", "author_url", "title", "excerpt", "fingerprint"}
ENTRY = Entry("Ann", "http://ann.example/", "", "A reply.", datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
BEFORE = (
    '{"page": {"author_name": "Other Blog", "author_url": "http://other.example/", "title": "Title"}, "mentions":'
    ' {"7": {"excerpt": "[…] words […]", "fingerprint": "f00d", "hidden": true}}, "posts": 1, "redirected_to": null,'
    ' "page_key": "//other.example/hello"}'
)


def test_findings_come_back_from_their_json() -> None:
    mentions = {7: Mention(CONTENT, True, "reply", is_empty=True), 8: Mention(CONTENT, True)}
    found = Findings(mentions, 2, None, "//other.example/hello", ENTRY)

    assert from_json(found.as_json()) == found
    assert from_json(replace(found, entry=None).as_json()).entry is None


def test_words_of_an_entry_that_no_thought_shows_are_not_stored() -> None:
    found = Findings({7: Mention(CONTENT, False, "like"), 8: Mention(CONTENT, False, "mention")}, 2, entry=ENTRY)

    assert from_json(found.as_json()).entry == replace(ENTRY, words="")


def test_findings_of_a_release_before_are_read() -> None:
    linked = from_json(BEFORE).on(7)

    assert linked is not None
    assert (linked.content, linked.signals) == (CONTENT, LinkSignals(hidden=True))
    assert linked.to("pingback") == linked
    assert linked.to("webmention").content == replace(CONTENT, response="mention")


def test_a_program_of_a_release_before_reads_findings() -> None:
    values = json.loads(Findings({7: Mention(CONTENT, False, "reply")}, 1, entry=ENTRY).as_json())

    assert values["page"].keys() | values["mentions"]["7"].keys() == KNOWN_BEFORE | {"hidden"}


def thought_of(site: Site) -> Thought:
    """The only one, with what waits beside it."""
    with site.services.database.read() as connection:
        thought = store.by_id(connection, 1)
    assert thought is not None
    return thought


def says(site: Site, content: Content) -> None:
    """The source of the one thought, which is a webmention's, is found to say this."""
    with site.services.database.write() as connection:
        connection.execute(schema.thoughts.update().values(kind="webmention"))
    settler = Settler(site.services.urls, site.services.settings, site.services.verifier.refusals)
    linked = Linked(CONTENT, webmention=Linked(content))
    with site.services.database.write() as connection:
        settler.apply(connection, thought_of(site), "read", linked, site.clock())


def test_response_and_date_are_stored_with_the_thought_and_with_what_waits_for_approval(site: Site) -> None:
    site.mention(site.target)
    says(site, REPLY)
    assert thought_of(site).content == REPLY
    assert thought_of(site).date == REPLY.published_at
    site.moderate("approve")

    says(site, replace(REPLY, response="like"))

    assert (thought_of(site).response, thought_of(site).pending_content) == (
        "reply",
        replace(REPLY, response="like"),
    )
    with site.services.database.read() as connection:
        stored = connection.execute(select(schema.thoughts.c.pending_content)).scalar_one()
    assert set(json.loads(stored)) == KNOWN_BEFORE, "what a program of a release before reads"


def test_undoing_restores_response_and_date_and_what_waited(site: Site) -> None:
    site.mention(site.target)
    says(site, REPLY)
    site.moderate("approve")
    says(site, replace(REPLY, response="like"))
    before = thought_of(site)

    site.moderate("spam")
    with site.services.database.read() as connection:
        stored = json.loads(connection.execute(select(schema.moderation_undo.c.before)).scalars().all()[-1])
    undo(site.services.database, site.clock())

    assert set(stored["content"]) == set(stored["pending_content"]) == KNOWN_BEFORE
    after = thought_of(site)
    assert (after.state, after.content, after.pending_content) == ("shown", before.content, before.pending_content)


def test_erasing_takes_response_and_date(site: Site) -> None:
    site.mention(site.target)
    says(site, REPLY)

    erase(site.services.database, [thought_of(site).id], site.clock())

    assert (thought_of(site).response, thought_of(site).published_at) == (None, None)
