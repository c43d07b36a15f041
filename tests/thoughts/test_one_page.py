"""One page, one thought: docs/interface.md, “pingback.ping”."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from feedserver.errors import BadStatus
from feedserver.storage.schema import jobs, thoughts
from feedserver.thoughts import joining
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.moderation.purge import purge
from feedserver.thoughts.source.identity import page_key
from feedserver.urls import normalize_source
from tests.support.waiting import wait_until
from tests.thoughts.site import SOURCE, Answer, Site, SiteWith, linking, show
from tests.thoughts.test_retention import clean

HOST = "http://other.example"
OTHER = "http://stranger.example/x"
TOO_LONG = f"{HOST}/" + "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(670))  # when it is encoded
FATES: dict[Action, str] = {"hide": "held", "spam": "spam", "delete": "deleted"}


def page(target: str, canonical: str = "", before: str = "I read ", title: str = "Other Blog") -> str:
    head = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    return linking(target, before=before, title=title).replace("</head>", f"{head}</head>")


# --- spellings of one URL ---


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{HOST}/ok", f"{HOST}/%6Fk"),
        (f"{HOST}/ok", f"{HOST}/./ok#words"),
        (f"{HOST}/x/../ok", "HTTP://Other.Example:80/ok"),
        (f"{HOST}/%E6%97%A5", f"{HOST}/%e6%97%a5"),
        (f"{HOST}/日", f"{HOST}/%E6%97%A5"),
        (f"{HOST}/caf%C3%A9?q=%C3%B6", f"{HOST}/cafe%CC%81?q=o%CC%88"),
        (f"{HOST}/cafe\u0301", f"{HOST}/café"),
        (f"{HOST}/%E9e%CC%81", f"{HOST}/%e9%C3%A9"),
        (f"{HOST}/ok", "https://other.example/ok"),
        ("https://other.example/ok", "http://other.example./ok"),
        ("http://straße.example/", "http://xn--strae-oqa.example"),
    ],
)
def test_another_spelling_of_a_source_is_known_without_a_fetch(
    site: Site, target: str, first: str, second: str
) -> None:
    site.web.put(first, linking(target))
    asked = normalize_source(first)  # which is fetched
    site.web.pages[asked] = site.web.pages[first]

    assert site.ping(first, target).outcome == "registered"
    assert site.ping(second, target).outcome == 48
    assert site.web.fetched == [asked]
    assert site.states() == ["shown"]


def test_http_of_a_page_may_fail_where_https_has_the_link(site: Site, target: str) -> None:
    site.web.put("https://other.example/a", linking(target))

    assert site.ping("http://other.example/a", target).outcome == 16
    assert site.ping("https://other.example/a", target).outcome == "registered"
    assert site.states() == ["rejected", "shown"]


# --- redirects ---


@pytest.mark.parametrize("old", [f"{HOST}/old", "http://shortener.example/1", "https://other.example/ok"])
def test_a_source_that_redirects_is_the_page_it_leads_to(site: Site, target: str, old: str) -> None:
    site.web.put(f"{HOST}/ok", linking(target))
    site.web.put(old, linking(target), redirected_to=f"{HOST}/ok")
    first = site.ping(f"{HOST}/ok", target)

    second = site.ping(old, target)

    assert (first.outcome, second.outcome) == ("registered", 48)
    assert site.only_thought().source == f"{HOST}/ok"
    assert site.receipt(second.receipt)["state"] == "shown"


@pytest.mark.parametrize("old", [f"{HOST}/old", "http://shortener.example/1"])
def test_the_page_that_a_known_source_led_to_is_known_without_a_fetch(site: Site, target: str, old: str) -> None:
    site.web.put(old, linking(target), redirected_to=f"{HOST}/ok?x#y")

    assert site.ping(old, target).outcome == "registered"
    assert site.ping(f"{HOST}/ok?x", target).outcome == 48
    assert site.ping(old, target).outcome == 48
    site.run_jobs()
    assert site.web.fetched == [old], "it was fetched just before, and waits for `limits.refetch`"
    thought = site.only_thought()
    assert (thought.source_key, thought.host) == (f"{HOST}/ok?x", "other.example")


@pytest.mark.parametrize("joined", [f"{HOST}/old", f"{HOST}/ok?2"])
def test_a_source_that_joined_is_looked_at_again_and_may_be_a_page_of_its_own_later(
    site: Site, target: str, joined: str
) -> None:
    show(site, target, f"{HOST}/ok")
    site.web.put(joined, linking(target), redirected_to=f"{HOST}/ok" if joined.endswith("/old") else None)
    site.ping(joined, target)
    site.clock.move(hours=1)
    assert site.ping(joined, target).outcome == 48
    site.web.put(joined, linking(target, before="It is another page now, and "))
    site.clock.move(hours=1)

    assert site.ping(joined, target).outcome == "registered"

    assert site.web.fetched[1:] == [joined] * 3
    assert {thought.source for thought in site.thoughts()} == {f"{HOST}/ok", joined}


def test_a_source_that_leads_to_an_address_that_is_too_long_is_missing(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target), redirected_to=TOO_LONG)

    answer = site.ping(SOURCE, target)

    assert answer.outcome == 16
    assert "its address is too long" in str(site.receipt(answer.receipt)["timeline"])


def test_rechecks_follow_the_page_and_not_a_strangers_redirect(site: Site, target: str) -> None:
    site.web.put(OTHER, linking(target), redirected_to=SOURCE)
    site.ping(OTHER, target)
    site.web.put(OTHER, linking(target, before="Buy pills, I read "))
    site.web.put(SOURCE, linking(target, before="I changed what I read "))

    site.clock.move(days=8)
    site.run_jobs()

    assert site.web.fetched == [OTHER, SOURCE]
    assert site.only_thought().excerpt == "[…] I changed what I read this post and liked it. […]"
    assert site.only_thought().source == SOURCE


def test_a_recheck_follows_a_redirect_within_the_source_site_alone(site: Site, target: str) -> None:
    site.mention(target)
    for final, key in (("https://www.other.example/new", "https://www.other.example/new"), (OTHER, None)):
        site.web.put(site.only_thought().source_key or "", linking(target), redirected_to=final)
        site.clock.move(days=40)
        site.run_jobs()

        assert site.only_thought().source_key == (key or "https://www.other.example/new")
    assert site.states() == ["shown"]


def test_a_strangers_redirect_changes_no_words_and_takes_nothing_down(site: Site, target: str) -> None:
    site.mention(target)
    before = site.only_thought()
    site.web.put(f"{OTHER}1", linking(target, before="Other words: "), redirected_to=SOURCE)
    site.web.put(f"{OTHER}2", "<p>No link at all.", redirected_to=SOURCE)
    site.web.fail(f"{OTHER}3", BadStatus(410))

    answers = [site.ping(f"{OTHER}{number}", target) for number in (1, 2, 3)]

    assert [answer.outcome for answer in answers] == [48, 17, 16]
    assert [thought for thought in site.thoughts() if thought.state != "rejected"] == [before]
    assert site.receipt(answers[0].receipt)["state"] == "shown"


def test_a_rejected_page_that_has_the_link_now_takes_the_pings_of_its_other_urls(site: Site, target: str) -> None:
    site.web.put(SOURCE, "<p>No link yet.")
    first = site.ping(SOURCE, target)
    site.web.put(OTHER, linking(target), redirected_to=SOURCE)

    second = site.ping(OTHER, target)

    assert (first.outcome, second.outcome) == (17, 48)
    assert site.only_thought().state == "shown"
    assert site.receipt(first.receipt)["state"] == site.receipt(second.receipt)["state"] == "shown"


# --- the canonical URL ---


def test_a_canonical_url_on_the_same_host_names_the_page(site: Site, target: str) -> None:
    site.web.put(SOURCE, page(target))
    variants = [f"{SOURCE}/amp", f"{HOST}/print?id=7", "https://other.example/2026/hello.html"]
    for variant in variants:
        site.web.put(variant, page(target, canonical="//OTHER.example/2026/x/../hello#top", before="Elsewhere "))

    assert [site.ping(url, target).outcome for url in (SOURCE, *variants)] == ["registered", 48, 48, 48]
    assert site.only_thought().excerpt == "[…] I read this post and liked it. […]"


@pytest.mark.parametrize(
    ("links", "is_heard"),
    [
        (f'<{SOURCE}>; rel="canonical"', True),
        (f'</style.css>; rel=preload; title="a, b", <{urlsplit(SOURCE).path}>; REL="shortlink Canonical"', True),
        (f"<{SOURCE}>; rel=canonical, <{HOST}/2>; rel=canonical", True),
        (f"</a,b;c>; rel=next, <{SOURCE}>; rel=canonical", True),
        (f"<{HOST}/2>; rel=canonical, <{SOURCE}>; rel=canonical", False),
        (f"<{SOURCE}>; rel=alternate", False),
        (f'<{SOURCE}>; rel=canonical; anchor="/other"', False),
        (f"{SOURCE}; rel=canonical", False),
        ("<http://[>; rel=canonical", False),
        ("<>; rel=canonical", False),
        ("; rel=canonical,,<", False),
    ],
)
def test_a_canonical_url_in_the_header_names_the_page_too(site: Site, target: str, links: str, is_heard: bool) -> None:
    show(site, target)
    second = site.web.put(f"{HOST}/1", page(target, before="Here too I read "), links=links)

    assert site.ping(second, target).outcome == (48 if is_heard else "registered")


def test_the_canonical_url_in_the_head_of_a_page_is_preferred_to_that_in_its_header(site: Site, target: str) -> None:
    show(site, target)
    html = page(target, canonical=SOURCE, before="Here too I read ")
    second = site.web.put(f"{HOST}/1", html, links=f"<{HOST}/2>; rel=canonical")

    assert site.ping(second, target).outcome == 48


def test_the_canonical_page_itself_takes_the_thought_of_its_variant_over(site: Site, target: str) -> None:
    variant = f"{SOURCE}/amp"
    site.web.put(variant, page(target, canonical="/2026/hello", before="In short: "))
    first = site.ping(variant, target)
    before = site.only_thought()

    answer = site.mention(target, SOURCE, before="At length: ")

    assert (first.outcome, answer.outcome) == ("registered", 48)
    after = site.only_thought()
    assert (after.id, after.source, after.state) == (before.id, SOURCE, "shown")
    assert after.excerpt == "[…] At length: this post and liked it. […]"
    assert site.ping(variant, target).outcome == 48
    assert [site.receipt(one.receipt)["state"] for one in (first, answer)] == ["shown", "shown"]


def test_a_variant_that_was_spam_is_what_the_canonical_page_is(site: Site, target: str) -> None:
    variant = f"{SOURCE}/amp"
    site.web.put(variant, page(target, canonical="/2026/hello", before="In short: "))
    site.ping(variant, target)
    site.moderate("spam", variant)

    assert site.mention(target, SOURCE, before="At length: ").outcome == 48

    thought = site.only_thought()
    assert (thought.state, thought.source) == ("spam", variant)


def test_a_variant_that_has_gone_comes_back_with_the_canonical_page(site: Site, target: str) -> None:
    variant = f"{SOURCE}/amp"
    site.web.put(variant, page(target, canonical="/2026/hello", before="In short: "))
    site.ping(variant, target)
    site.web.put(variant, "<p>No link.")
    site.clock.move(days=8)
    site.run_jobs()
    assert site.states() == ["gone"]

    assert site.mention(target, SOURCE, before="At length: ").outcome == 48

    thought = site.only_thought()
    assert (thought.state, thought.source) == ("shown", SOURCE)


def test_what_was_approved_keeps_its_words_when_the_canonical_page_takes_it_over(site: Site, target: str) -> None:
    variant = f"{SOURCE}/amp"
    site.web.put(variant, page(target, canonical="/2026/hello", before="In short: "))
    site.ping(variant, target)
    site.moderate("approve", variant)

    site.mention(target, SOURCE, before="At length: ")

    (thought,) = {one.id: one for one in site.thoughts()}.values()
    assert (thought.source, thought.content.excerpt) == (SOURCE, "[…] In short: this post and liked it. […]")
    assert thought.pending_content is not None


def test_a_page_that_calls_another_canonical_never_takes_its_place(site: Site, target: str) -> None:
    ann, bob = f"{HOST}/ann", f"{HOST}/bob"
    show(site, target, ann)
    site.mention(target, bob, before="Bob says ")
    site.web.put(ann, page(target, canonical=bob, before="Ann says "))
    site.clock.move(hours=1)
    site.ping(ann, target)
    site.run_jobs()

    assert site.only_thought().source == bob
    site.web.put(ann, page(target, before="Ann says "))
    site.clock.move(hours=1)
    assert site.ping(ann, target).outcome == "registered"
    assert {thought.source for thought in site.thoughts()} == {ann, bob}


def test_an_approved_page_that_calls_another_canonical_stays_beside_it(site: Site, target: str) -> None:
    ann, bob = f"{HOST}/ann", f"{HOST}/bob"
    show(site, target, ann)
    site.moderate("approve", ann)
    site.mention(target, bob, before="Bob says ")
    site.web.put(ann, page(target, canonical=bob))
    site.clock.move(days=40)
    site.run_jobs()

    assert {thought.source: thought.approved for thought in site.thoughts()} == {ann: True, bob: False}


def test_a_canonical_url_that_is_too_long_is_not_heard(site: Site, target: str) -> None:
    site.web.put(SOURCE, page(target, canonical=TOO_LONG))

    assert site.ping(SOURCE, target).outcome == "registered"
    assert site.only_thought().page_key == SOURCE.removeprefix("http:")


@pytest.mark.parametrize(
    "markup",
    [
        '<link rel="canonical" href="http://victim.example/page">',
        '<link rel="canonical" href="http://victim.example:8080/page">',
        '<link rel="canonical" href="http://www.stranger.example/page">',
        '<link rel="canonical" href="http://stranger.example:8080/page">',
        '<base href="http://victim.example/"><link rel="canonical" href="/page">',
        '</head><body><p>A comment: <link rel="canonical" href="http://stranger.example/page">',
        '<template><link rel="canonical" href="http://stranger.example/page"></template>',
        '<!-- <link rel="canonical" href="http://stranger.example/page"> -->',
    ],
)
def test_a_page_cannot_claim_what_is_not_its_own(site: Site, target: str, markup: str) -> None:
    hosts = (
        "victim.example",
        "victim.example:8080",
        "stranger.example",
        "stranger.example:8080",
        "www.stranger.example",
    )
    for host in hosts:
        assert site.mention(target, f"http://{host}/page", before=f"The own words of {host}: ").outcome == "registered"
    site.web.put(OTHER, linking(target, before="Pills: ").replace("</head>", f"{markup}</head>"))

    assert site.ping(OTHER, target).outcome == "registered"
    assert len(site.thoughts()) == 6


def test_users_of_a_host_that_is_shared_by_path_cannot_claim_each_others_pages(site_with: SiteWith) -> None:
    site = site_with(moderation_shared_by_path=("shared.example",))
    site.mention(site.target, "http://shared.example/ann/page", before="Ann says ")
    for user, outcome in (("bob", "registered"), ("ann", 48)):
        url = f"http://shared.example/{user}/amp"
        site.web.put(url, page(site.target, canonical="/ann/page", before=f"On {user}'s page "))
        assert site.ping(url, site.target).outcome == outcome
    assert len(site.thoughts()) == 2


def test_pages_that_all_call_the_home_page_canonical_keep_their_thoughts_on_other_posts(
    site: Site, target: str
) -> None:
    other = site.url(site.publish("Other", slug="other"))
    for path, mentioned in (("a", target), ("b", other)):
        site.web.put(f"{HOST}/{path}", page(mentioned, canonical="/"))
        assert site.ping(f"{HOST}/{path}", mentioned).outcome == "registered"
    site.web.put(f"{HOST}/", "<p>Home, without a link.")

    site.clock.move(days=8)
    site.run_jobs()

    assert site.states() == ["shown", "shown"]
    assert sorted(site.web.fetched[2:]) == [f"{HOST}/a", f"{HOST}/b"]


# --- queries ---


def test_another_query_or_slash_with_the_same_words_is_the_same_page(site_with: SiteWith) -> None:
    site = site_with(limits_host=1000)
    urls = [SOURCE, *(f"{SOURCE}?{number}" for number in range(1, 27)), f"{SOURCE}/", f"{SOURCE}/?x"]

    outcomes = [site.mention(site.target, url).outcome for url in urls]

    assert outcomes == ["registered", *[48] * 28]
    assert site.only_thought().source == SOURCE


def test_another_query_with_other_words_is_another_page(site: Site, target: str) -> None:
    for number in range(3):
        url = f"{HOST}/?p={number}"
        site.web.put(url, linking(target, before=f"In part {number} I read "))
        assert site.ping(url, target).outcome == "registered"
    site.web.put(f"{HOST}/?p=3", linking(target, before="In part 2 I read ", title="Another title"))

    assert site.ping(f"{HOST}/?p=3", target).outcome == "registered"
    assert len(site.thoughts()) == 4


def test_words_of_the_query_in_the_title_make_no_other_page(site: Site, target: str) -> None:
    urls = [f"{HOST}/", *(f"{HOST}/?{query}" for query in ("1", "p=b2", "q=caf%C3%A9%20noir", "x=1&y=2"))]
    for url, title in zip(urls, ["Page", "Page 1", "Page: B2", "Page Café noir", "1. Page, 2"], strict=True):
        site.web.put(url, linking(target, title=title))

    assert [site.ping(url, target).outcome for url in urls] == ["registered", 48, 48, 48, 48]


def test_words_that_wait_beside_approved_ones_are_words_of_the_page(site: Site, target: str) -> None:
    site.mention(target)
    site.moderate("approve")
    site.web.put(SOURCE, linking(target, before="After the approval I wrote: "))
    site.clock.move(days=8)
    site.run_jobs()

    assert site.mention(target, f"{SOURCE}?2", before="After the approval I wrote: ").outcome == 48
    assert [thought.state for thought in site.thoughts()] == ["held", "shown"], (
        "the words wait beside the approved ones"
    )
    assert len({thought.id for thought in site.thoughts()}) == 1


# --- joining ---


def test_a_joined_ping_is_known_from_then_on_and_shares_the_fate_of_the_thought(site: Site, target: str) -> None:
    site.mention(target)
    joined = site.mention(target, f"{SOURCE}?2")

    again = site.ping(f"{SOURCE}?2", target)

    assert (joined.outcome, again.outcome, again.receipt) == (48, 48, joined.receipt)
    assert len(site.web.fetched) == 2
    for action, state in FATES.items():
        site.moderate(action)
        assert site.receipt(joined.receipt)["state"] == state
        assert site.client.get(joined.receipt).status_code == 200


def test_a_ping_that_joins_after_its_sender_left_has_the_receipt_of_the_thought(site_with: SiteWith) -> None:
    site = site_with(pingback_wait=0.01)
    site.web.put(SOURCE, linking(site.target))
    site.web.put(f"{SOURCE}?2", linking(site.target))
    site.web.gate.clear()
    answers = [site.ping(url, site.target) for url in (SOURCE, f"{SOURCE}?2")]
    site.web.gate.set()
    site.wait_for_a_free_slot()
    site.services.waiting_slots.close()

    assert [answer.outcome for answer in answers] == ["accepted", "accepted"]
    assert site.only_thought().state == "shown"
    assert [site.receipt(answer.receipt)["state"] for answer in answers] == ["shown", "shown"]


def test_a_joined_ping_leaves_no_job_and_the_thought_keeps_its_recheck(site: Site, target: str) -> None:
    site.mention(target)
    jobs = site.jobs()

    site.mention(target, f"{SOURCE}?2")

    assert site.jobs() == jobs


@pytest.mark.parametrize("canonical", ["", SOURCE], ids=["the same words", "the same canonical URL"])
def test_two_urls_of_one_page_at_once_make_one_thought(site_with: SiteWith, canonical: str) -> None:
    processes = [site_with(limits_host=1000), site_with(limits_host=1000)]
    target, web = processes[0].target, processes[0].web
    with ThreadPoolExecutor(2) as threads:
        for number in range(4):
            urls = [f"http://{number}.example/?{query}" for query in (1, 2)]
            for url in urls:
                words = f"At {url} I read " if canonical else f"In part {number} I read "
                own = canonical and f"http://{number}.example/page"
                web.put(url, page(target, canonical=own, before=words))

            asked = [threads.submit(one.ping, url, target) for url, one in zip(urls, processes, strict=True)]

            assert {answer.result().outcome for answer in asked} == {"registered", 48}
    assert processes[0].states() == ["shown"] * 4


def test_many_urls_of_one_page_at_once_never_wait_for_each_other(site_with: SiteWith, database_url: str) -> None:
    processes = [site_with(limits_host=1000, limits_sender=1000), site_with(limits_host=1000, limits_sender=1000)]
    target, web = processes[0].target, processes[0].web
    ping = {"before": "I read "}
    with ThreadPoolExecutor(8) as threads:
        for number in range(6):
            own = f"http://{number}.example/n"
            for url in (own, f"{own}?a", f"{own}?b", f"{own}b", f"{own}b?x"):
                web.put(url, page(target, canonical=own, **ping))
            for url in (f"{own}r", f"{own}r?y", f"{own}s"):
                web.put(url, page(target, canonical=own, **ping), redirected_to=own)
            asked = [
                threads.submit(processes[index % 2].ping, url, target, sender=f"198.51.{index}.7")
                for index, url in enumerate(list(web.pages)[-8:])
            ]
            assert {answer.result().outcome for answer in asked} <= {"registered", 48, "accepted"}
    processes[0].clock.move(minutes=5)
    processes[0].run_jobs()

    assert processes[0].states() == ["shown"] * 6
    assert deadlocks(processes[0]) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_page_is_locked_before_its_jobs_and_thoughts(site: Site, target: str) -> None:
    site.mention(target)
    site.clock.move(hours=1)
    fetched = len(site.web.fetched)
    steps: list[Callable[[], object]] = [lambda: site.ping(SOURCE, target), site.run_jobs]
    for step in steps:
        with ThreadPoolExecutor(1) as threads:
            with site.services.database.write() as other:
                joining.lock_pages(other, [page_key(SOURCE)])
                done = threads.submit(step)
                wait_until(lambda: waits_for_a_name(site))
                for table in (jobs, thoughts):
                    assert other.execute(select(table.c.id).with_for_update(nowait=True)).all()
            done.result()
    assert len(site.web.fetched) == fetched + 1


def waits_for_a_name(site: Site) -> bool:
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with site.services.database.read() as connection:
        return bool(connection.exec_driver_sql(query).scalar_one())


def deadlocks(site: Site) -> int:
    """How often the database has ended a transaction because two waited for each other."""
    if site.services.database.is_sqlite:
        return 0
    query = "SELECT pg_stat_force_next_flush(), deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with site.services.database.read() as connection:
        return int(connection.exec_driver_sql(query).one()[1])


def test_a_link_that_was_read_shortly_before_joins_too(site: Site, post_urls: Callable[[], tuple[str, str]]) -> None:
    first, second = post_urls()
    site.web.put(f"{SOURCE}?1", linking(first, second))
    site.web.put(f"{SOURCE}?2", linking(first, second))
    for url in (f"{SOURCE}?1", f"{SOURCE}?2"):
        site.ping(url, first)

    answers = [site.ping(url, second) for url in (f"{SOURCE}?1", f"{SOURCE}?2")]

    assert [answer.outcome for answer in answers] == ["registered", 48]
    assert len(site.web.fetched) == 2
    assert site.states() == ["shown", "shown"]


@pytest.fixture
def post_urls(site: Site) -> Callable[[], tuple[str, str]]:
    return lambda: (site.url(site.publish("One", slug="one")), site.url(site.publish("Two", slug="two")))


def test_a_gone_thought_comes_back_under_the_new_url_of_its_page(site: Site, target: str) -> None:
    site.mention(target)
    site.moderate("hide")
    site.web.put(SOURCE, "<p>It has moved.")
    site.clock.move(days=8)
    site.run_jobs()
    assert site.states() == ["gone"]
    new = f"{HOST}/new"
    site.web.put(new, page(target, canonical=SOURCE, before="Moved: "))

    assert site.ping(new, target).outcome == 48

    thought = site.only_thought()
    assert (thought.state, thought.source_key) == ("held", new)
    site.clock.move(days=8)
    site.run_jobs()
    assert site.states() == ["held"]


def gone(site: Site) -> None:
    """The link at SOURCE goes, and that is seen."""
    site.web.put(SOURCE, "<p>No link any more.")
    site.clock.move(days=8)
    site.run_jobs()
    assert "gone" in site.states()
    site.clock.move(hours=1)  # it may be fetched again


def test_pings_that_joined_a_thought_follow_it_to_another(site: Site, target: str) -> None:
    site.mention(target)
    joined = site.mention(target, f"{SOURCE}?2")
    gone(site)
    show(site, target, f"{HOST}/new")
    site.web.put(SOURCE, linking(target), redirected_to=f"{HOST}/new")

    assert site.ping(SOURCE, target).outcome == 48

    assert site.only_thought().source == f"{HOST}/new"
    assert site.receipt(joined.receipt)["state"] == "shown"


def test_a_thought_that_comes_back_does_not_move_to_another_source_site(site: Site, target: str) -> None:
    site.mention(target)
    site.moderate("approve")
    gone(site)
    site.web.put(SOURCE, linking(target), redirected_to=OTHER)

    assert site.ping(SOURCE, target).outcome == "registered"

    assert {(thought.source_key, thought.host) for thought in site.thoughts()} == {(SOURCE, "other.example")}


def test_a_thought_that_comes_back_does_not_move_to_a_url_that_was_refused_on_its_own(site: Site, target: str) -> None:
    show(site, target)
    gone(site)
    new = site.web.put(f"{HOST}/new", "<p>No link yet.")
    assert site.ping(new, target).outcome == 17
    site.web.put(OTHER, page(target, canonical=SOURCE), redirected_to=new)

    assert site.ping(OTHER, target).outcome == 48

    assert {thought.source: thought.state for thought in site.thoughts()} == {SOURCE: "shown", new: "rejected"}


def test_a_ping_joins_the_thought_of_its_page_that_stands_before_one_that_was_rejected(site: Site, target: str) -> None:
    secure = SOURCE.replace("http:", "https:")
    assert site.ping(SOURCE, target).outcome == 16
    show(site, target, secure)
    site.web.put(OTHER, linking(target, before="Other words: "), redirected_to=SOURCE)

    assert site.ping(OTHER, target).outcome == 48

    assert {thought.source: thought.state for thought in site.thoughts()} == {SOURCE: "rejected", secure: "shown"}


def test_a_moderators_decision_on_the_page_is_final_under_every_url(site: Site, target: str) -> None:
    for number, action in enumerate(list(FATES)[1:]):
        own = f"http://spam{number}.example/page"
        site.mention(target, own, before=f"Pills {number}: ")
        site.moderate(action, own)
        for variant in (f"{own}?2", f"{own}/", own.replace("http:", "https:")):
            answer = site.mention(target, variant, before=f"Pills {number}: ")
            assert (variant, answer.outcome) == (variant, 48)
            assert site.receipt(answer.receipt)["state"] == FATES[action]
        site.web.put(f"{OTHER}{number}", linking(target), redirected_to=own)
        assert site.ping(f"{OTHER}{number}", target).outcome == 48
        site.web.put(f"http://spam{number}.example/amp", page(target, canonical=own))
        assert site.ping(f"http://spam{number}.example/amp", target).outcome == 48
    assert site.states() == ["deleted", "spam"]


def test_what_was_erased_is_known_under_every_url(site_with: SiteWith) -> None:
    site = site_with(keep_spam=1)
    own = f"{SOURCE}"
    site.mention(site.target, own)
    site.moderate("spam")
    site.clock.move(days=2)
    clean(site)
    assert site.states() == []
    site.web.put(OTHER, linking(site.target, before="Other "), redirected_to=own)
    site.web.put(f"{HOST}/amp", page(site.target, canonical=own, before="Other "))

    answers: list[Answer] = [site.mention(site.target, url) for url in (own, f"https{own[4:]}")]
    assert site.web.fetched == [own], "it is known without a fetch"
    answers.append(site.mention(site.target, f"{own}?2"))
    answers += [site.ping(url, site.target) for url in (OTHER, f"{HOST}/amp")]

    assert [answer.outcome for answer in answers] == [48] * 5
    assert set(site.states()) == {"spam"}


def test_receipts_of_joined_pings_are_bounded(site_with: SiteWith, monkeypatch: pytest.MonkeyPatch) -> None:
    site = site_with(limits_host=1000)
    site.mention(site.target)
    answers = [site.mention(site.target, f"{SOURCE}?{number}") for number in range(3)]
    with site.services.database.write() as connection:
        for number in range(joining.MOST_JOINED):
            joining.remember(connection, f"{SOURCE}?more={number}", f"token-{number}", site.only_thought().id)

    assert site.client.get(answers[0].receipt).status_code == 410
    assert site.client.get("/receipts/token-0").status_code == 200
    monkeypatch.setattr(joining, "MOST_IN_ALL", 10)
    clean(site)
    assert site.client.get("/receipts/token-89").status_code == 404
    assert site.client.get("/receipts/token-90").status_code == 200


def test_a_purge_takes_joined_pings_along(site: Site, target: str) -> None:
    site.mention(target)
    joined = site.mention(target, f"{SOURCE}?2")

    purge(site.services.database, "other.example", site.clock())

    assert site.client.get(joined.receipt).status_code == 410
