"""What another system would withhold is withheld here: as a draft, or until its date."""

from datetime import UTC, datetime

import pytest

from feedserver.posts import store
from feedserver.posts.document import read
from feedserver.posts.model import DraftText
from feedserver.services import WebServices
from tests.posts.builders import edit
from tests.support.fixtures import Publish
from tests.support.outside import Clock

LATER = datetime(2099, 1, 1, tzinfo=UTC)


def document(*lines: str) -> DraftText:
    front = "\n".join(("title: T", *lines))
    return read(f"---\n{front}\n---\nNot for readers.\n".encode(), UTC)


@pytest.mark.parametrize(
    "line",
    [
        "Draft: true",
        "draft: 'on'",
        "published: false",
        "Published: False",
        'published: "false"',
        "published: no",
        "publish: off",
        "publish: 0",
        "public: false",
        "visible: no",
        "listed: false",
        "private: true",
        "PRIVATE: Yes",
        "hidden: 1",
        "unlisted: true",
        "unpublished: true",
        "wip: true",
        "hide: true",
        "dg-publish: false",
        "build: {render: never}",
        "access: members",
        "protected: true",
        "password: secret",
        "status: draft",
        "status: Private",
        "status: pending",
        "status: future",
        "status: trash",
        "post_status: draft",
        "post-status: draft",
        "visibility: private",
        "visibility: members",
        "private: perhaps",
        "published: when it is ready",
        "published: [true]",
        "publishDate: soon",
        "publishDate: 05/06/2024",
        "scheduled: true",
        "isDraft: true",
        "is_private: yes",
        "isPublished: false",
        "is-public: no",
        "_draft: true",
        "saveAsDraft: true",
        "isUnlisted: true",
        "has_password: yes",
        "unpublish: true",
        "state: draft",
        "state: In review",
        "datePublished: soon",
        "<<: {draft: true}",
        "permalink: false",
        "output: false",
        "ghost_status: draft",
        "wp_post_status: private",
        "publishStatus: draft",
        "embargo_until: soon",
        "goLive: false",
        "ready_to_publish: no",
        "do_not_publish: true",
        "ｄｒａｆｔｅｄ: true",
        "published: ｆａｌｓｅ",
        "params: {draft: true}",
        "meta: {Draft: yes, colour: red}",
        "extra: {published: false}",
        "metadata: {status: private}",
        "params: {password: sesame}",
    ],
)
def test_a_field_that_withholds_makes_a_draft(line: str) -> None:
    found = document(line, "date: 2024-01-05")

    assert found.draft or line == "status: future"
    assert document(line).draft
    assert found.unknown_fields == ()
    assert document(line).withheld_by == (() if line.lower().startswith("draft:") else (line.partition(":")[0],))


@pytest.mark.parametrize(
    "line",
    [
        "draft: 'no'",
        "published: true",
        "published: 'yes'",
        "publish: On",
        "published:",
        "published: null",
        "private: false",
        'private: "False"',
        "private: ''",
        "hidden: no",
        "unlisted: 0",
        "password:",
        "status: published",
        "status: Publish",
        "status: ~",
        "visibility: public",
        "expiryDate: never",
        "state: California",
        "unpublish: no",
        "<<:",
        "publishStatus: published",
    ],
)
def test_a_field_that_withholds_nothing_is_passed_over(line: str) -> None:
    found = document(line)

    assert (found.draft, found.date, found.until, found.unknown_fields) == (False, None, None, ())


@pytest.mark.parametrize(
    "name",
    [
        "Date",
        "publishDate",
        "publish_date",
        "PublishDate",
        "published",
        "pubDate",
        "published_at",
        "scheduled",
        "datePublished",
        "date_published",
        "embargo_until",
        "embargoed_until",
        "go_live_date",
        "goLive",
        "goLiveAt",
        "not_before",
        "visible_from",
        "available_from",
        "available",
        "publish_after",
        "publishFrom",
        "scheduledDate",
        "hidden_until",
        "release_on",
        "publishd",
    ],
)
def test_a_date_to_come_schedules(name: str) -> None:
    found = document(f"{name}: 2099-01-01")

    assert (found.date, found.draft, found.unknown_fields) == (LATER, False, ())


def test_a_date_to_come_within_the_mapping_of_a_post_schedules_too() -> None:
    assert document("params: {publishDate: 2099-01-01}").date == LATER
    assert document("extra: {expiryDate: 2099-01-01}").until == LATER


@pytest.mark.parametrize("line", ["draft\u200b: true", "\ufeffdraft: true", "dra\u00adft: true", "pub\u2060lished: no"])
def test_characters_that_nobody_sees_are_no_part_of_a_name(line: str) -> None:
    assert document(line).draft
    assert document(line).unknown_fields == ()


@pytest.mark.parametrize(
    "line", ["drafts: true", "drfat: yes", "dräft: yes", "privat: true", "publisehd: no", "statuss: draft"]
)
def test_a_slip_of_the_pen_withholds_and_is_told_as_that_and_nothing_else(line: str) -> None:
    found = document(line)

    assert found.draft
    assert found.withheld_by == (line.partition(":")[0],)
    assert found.unknown_fields == ()


@pytest.mark.parametrize(
    "line",
    [
        "publisher: Ace Books",
        "hide_toc: true",
        "render_math: false",
        "start_date: 2099-01-01",
        "statue: David",
        "permalink: /a/post/",
        "output: html_document",
        "available: true",
        "available_from: good book shops",
        "visible_from: the moon",
        "release_on: Steam",
        "show: The Prisoner",
        "read: false",
        "finished: true",
        "outputs: false",
        "release: 2099-01-01",
        "released_on: 2099-01-01",
        "available_in: 2099-01-01",
        "show: false",
        "approved_by: no",
        "share: false",
        "sitemap: false",
        "online: false",
        "cover: {hidden: true}",
        "toc: {visible: false}",
        "params: {toc: false, live: 'https://demo.example/', build: 7, hideMeta: true}",
        "meta: {status: evergreen, robots: noindex}",
        "extra: [draft]",
        "params:",
    ],
)
def test_another_word_withholds_nothing_and_is_told(line: str) -> None:
    found = document(line)

    assert (found.draft, found.date, found.until) == (False, None, None)
    assert found.unknown_fields == (line.partition(":")[0],)


def test_the_latest_of_several_dates_counts() -> None:
    assert document("date: 2024-01-05", "publishDate: 2099-01-01").date == LATER
    assert document("date: 2099-01-01", "publishDate: 2024-01-05").date == LATER
    assert document("pubDate: 2099-01-01", "published: 2024-01-05").date == LATER


def test_a_post_in_a_state_that_waits_for_its_date_waits_for_it() -> None:
    found = document("status: future", "date: 2099-01-01")

    assert (found.date, found.draft) == (LATER, False)


def test_one_field_that_withholds_is_enough() -> None:
    assert document("draft: false", "published: true", "status: private").draft
    assert document("draft: true", "published: true").draft


def test_a_post_whose_time_is_over_is_a_draft(services: WebServices, publish: Publish, clock: Clock) -> None:
    publish("Over", slug="over", expiryDate="2000-01-01")
    publish("Lasting", slug="lasting", expiryDate="2099-01-01")

    def states() -> dict[str, str]:
        with services.database.read() as connection:
            return {post.slug: post.status(clock()) for post in store.everything(connection)}

    assert states() == {"over": "draft", "lasting": "published"}
    edit(services, "lasting", expiryDate="2001-01-01")
    assert states() == {"over": "draft", "lasting": "draft"}
