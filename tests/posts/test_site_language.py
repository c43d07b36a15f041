"""Posts that name no language follow `site.language`, at the next start."""

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from feedserver.app import create_app
from feedserver.cli.transfer import importer_of
from feedserver.installation import init, upgrade
from feedserver.posts import document, rerendering, site_language, store
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings
from feedserver.storage.copying import copy
from feedserver.storage.engine import Database
from feedserver.storage.schema import posts, site
from feedserver.transfer.backups import backup
from feedserver.transfer.backups.restore import restore
from feedserver.transfer.exports.export import export
from tests.posts.builders import edit, everything, publish
from tests.support.fixtures import Assemble
from tests.transfer.conftest import silent
from tests.websub.readers import Readers, subscribe

In = Callable[[str], WebServices]


@pytest.fixture
def speaking(settings: Settings, assemble: Assemble) -> In:
    """Another process of the site, with this `site.language`."""
    return lambda tag: assemble(replace(settings, site=replace(settings.site, language=tag)))


@pytest.fixture
def services(services: WebServices) -> WebServices:
    """A site that has been started in English."""
    init(services, example=False)
    return services


def found(services: WebServices) -> dict[str, tuple[str, str]]:
    """The language and the first words of each post."""
    with services.database.read() as connection:
        rows = connection.execute(select(posts.c.slug, posts.c.lang, posts.c.excerpt))
        return {row.slug: (row.lang, row.excerpt) for row in rows}


def noted(services: WebServices) -> str | None:
    with services.database.read() as connection:
        language: str | None = connection.execute(select(site.c.language)).scalar_one()
    return language


def test_a_site_that_changes_its_language_is_in_one_language_after_its_next_start(
    services: WebServices, speaking: In
) -> None:
    publish(services, "Ja", '"Moin"', slug="unnamed")
    publish(services, "Yes", '"Hi"', slug="named", lang="en")
    publish(services, "Oui", '"Salut"', slug="french", lang="fr")
    publish(services, "Page", '"Seite"', slug="page", page="true")
    publish(services, "Draft", '"Bald"', slug="draft", draft="true")
    publish(services, "Deleted", '"Weg"', slug="deleted")
    services.publisher.delete("deleted")
    german = speaking("de")

    assert upgrade(german) is True
    assert upgrade(german) is False

    assert found(german) == {
        "unnamed": ("de", "„Moin“"),
        "named": ("en", "“Hi”"),
        "french": ("fr", "«\u202fSalut\u202f»"),
        "page": ("de", "„Seite“"),
        "draft": ("de", "„Bald“"),
        "deleted": ("de", "„Weg“"),
    }
    client = create_app(services=german).test_client()
    page = client.get("/posts/unnamed").text
    assert '<meta itemprop="inLanguage" content="de">' in page
    assert page.count('lang="en"') == page.count('lang="en">Yes</a>') > 0, "nothing but a link to what is English"
    assert {item["title"]: item["language"] for item in json.loads(client.get("/feed.json").data)["items"]} == {
        "Ja": "de",
        "Yes": "en",
        "Oui": "fr",
    }
    assert "„<mark>Moin</mark>“" in client.get("/search?q=moin").text


def test_nothing_else_of_a_post_changes_and_nobody_is_told(services: WebServices, speaking: In) -> None:
    post = publish(services, "Ja", '"Moin" [there](https://elsewhere.example/page)', slug="one", tags="[sea]")
    before = everything(services)

    upgrade(german := speaking("de"))

    after = everything(german)
    changed = {name for name, rows in after.items() if rows != before[name]}
    assert changed == {"site", "posts", "search_texts"}
    with german.database.read() as connection:
        now = store.by_id(connection, post.id)
    assert now is not None
    assert now == replace(post, lang="de", html=now.html, feed_html=now.feed_html, excerpt=now.excerpt)
    assert now.html != post.html


@pytest.fixture
def readers() -> Iterator[Readers]:
    found = Readers()
    yield found
    found.close()


def test_feeds_that_are_otherwise_because_of_it_are_not_pushed_and_the_next_post_is(
    services: WebServices, speaking: In, readers: Readers
) -> None:
    publish(services, "Ja", '"Moin"')
    subscribe(services, f"{readers.url}/0")
    services.runner.run_due()
    readers.take()
    german = speaking("de")

    upgrade(german)
    german.runner.run_due()
    assert readers.take() == []

    publish(german, "Neu")
    german.runner.run_due()
    assert [push.target for push in readers.take()] == ["/0"]


def killed(*_: Any, **__: Any) -> Any:
    raise KeyboardInterrupt


def test_a_start_that_was_interrupted_is_completed_by_the_next_one(
    services: WebServices, speaking: In, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        publish(services, f"Post {number}", '"Moin"', slug=f"post-{number}")
    german = speaking("de")
    monkeypatch.setattr(site_language, "_AT_A_TIME", 2)
    give = site_language._give
    batches: list[object] = []

    def give_once(*args: Any) -> int:
        batches.append(killed() if batches else args)
        return give(*args)

    with monkeypatch.context() as patched:
        patched.setattr(site_language, "_give", give_once)
        with pytest.raises(KeyboardInterrupt):
            upgrade(german)
    assert sorted(lang for lang, _ in found(german).values()) == ["de", "de", "en", "en", "en"]

    with monkeypatch.context() as patched:
        patched.setattr(rerendering, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            upgrade(german)

    upgrade(german)
    assert set(found(german).values()) == {("de", "„Moin“")}
    assert upgrade(german) is False


def test_an_ordinary_start_reads_no_documents(
    services: WebServices, speaking: In, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(services, "Oui", lang="fr")
    upgrade(german := speaking("de"))
    monkeypatch.setattr(site_language, "names_language", killed)

    assert upgrade(german) is False


def test_a_post_that_is_edited_meanwhile_is_left_alone(
    services: WebServices, speaking: In, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(services, "One", '"Moin"', slug="one")
    publish(services, "Two", '"Moin"', slug="two")
    german = speaking("de")

    def late(source: str) -> bool:
        if "slug: one" in source:
            edit(services, "one", "One", '"Salut"', lang="fr")
        return document.names_language(source)

    monkeypatch.setattr(site_language, "names_language", late)
    upgrade(german)

    assert found(german) == {"one": ("fr", "«\u202fSalut\u202f»"), "two": ("de", "„Moin“")}


def test_what_a_process_saves_in_the_former_language_is_followed_at_the_next_start(
    services: WebServices, speaking: In
) -> None:
    """Machines are started anew one by one."""
    publish(services, "One", '"Moin"', slug="one")
    upgrade(german := speaking("de"))

    publish(services, "Two", '"Moin"', slug="two")
    edit(services, "one", "One", '"Tach"')
    assert found(german) == {"one": ("en", "“Tach”"), "two": ("en", "“Moin”")}
    upgrade(german)

    assert found(german) == {"one": ("de", "„Tach“"), "two": ("de", "„Moin“")}


def test_what_it_saves_while_a_start_is_under_way_is_too(
    services: WebServices, speaking: In, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(services, "One", '"Moin"', slug="one")
    publish(services, "Two", '"Moin"', slug="two")
    german = speaking("de")

    def late(source: str) -> bool:
        if "slug: two" in source:
            edit(services, "one", "One", '"Tach"')
        return document.names_language(source)

    with monkeypatch.context() as patched:
        patched.setattr(site_language, "_AT_A_TIME", 1)
        patched.setattr(site_language, "names_language", late)
        upgrade(german)
    assert found(german) == {"one": ("en", "“Tach”"), "two": ("de", "„Moin“")}
    upgrade(german)

    assert found(german) == {"one": ("de", "„Tach“"), "two": ("de", "„Moin“")}


def test_what_names_its_language_makes_no_start_look(services: WebServices, speaking: In) -> None:
    upgrade(german := speaking("de"))

    publish(services, "Yes", slug="yes", lang="en")
    edit(services, "yes", "Yes", "Other words", lang="en")

    assert noted(german) == "de"


@pytest.fixture
def of_before(services: WebServices) -> WebServices:
    """A site that programs before have left in two languages: they noted none."""
    publish(services, "One", '"Moin"', slug="one")
    publish(services, "Two", '"Moin"', slug="two", lang="en")
    with services.database.write() as connection:
        connection.execute(update(site).values(language=None))
    return services


def test_the_first_start_mends_a_site_that_is_in_two_languages(of_before: WebServices, speaking: In) -> None:
    german = speaking("de")
    publish(german, "Three", '"Moin"', slug="three")

    upgrade(german)

    assert found(german) == {"one": ("de", "„Moin“"), "two": ("en", "“Moin”"), "three": ("de", "„Moin“")}


def test_a_program_before_renders_what_is_left_of_an_interrupted_start_in_the_new_language(
    services: WebServices, speaking: In, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knows no note, and renders posts of older versions in the language of their rows."""
    publish(services, "One", '"Moin"', slug="one")
    with monkeypatch.context() as patched:
        patched.setattr(rerendering, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            upgrade(speaking("de"))

    assert rerendering.rerender(services.database, services.urls) == 1

    assert found(services) == {"one": ("de", "„Moin“")}


def test_of_two_processes_that_start_at_once_one_does_it(services: WebServices, speaking: In) -> None:
    for number in range(5):
        publish(services, f"Post {number}", '"Moin"', slug=f"post-{number}")

    with ThreadPoolExecutor(2) as pool:
        did = [task.result() for task in [pool.submit(upgrade, speaking("de")) for _ in range(2)]]

    assert sorted(did) == [False, True]
    assert set(found(services).values()) == {("de", "„Moin“")}


def test_a_post_that_is_refused_today_has_the_language_and_keeps_its_html(
    services: WebServices, speaking: In, caplog: pytest.LogCaptureFixture
) -> None:
    publish(services, "Deep", '"Moin"', slug="deep")
    with services.database.write() as connection:
        connection.execute(update(posts).values(source="---\nslug: deep\n---\n" + "<div>" * 200))

    with caplog.at_level(logging.WARNING):
        upgrade(german := speaking("de"))

    assert found(german) == {"deep": ("de", "“Moin”")}
    assert "the post 'deep' keeps its old HTML" in caplog.text


def test_a_site_that_is_copied_to_another_database_follows_there(
    services: WebServices, settings: Settings, assemble: Assemble, tmp_path: Path
) -> None:
    publish(services, "One", '"Moin"', slug="one")
    url = f"sqlite:///{tmp_path / 'copy' / 'site.sqlite3'}"
    target = Database(url, called="TO")
    copy(services.database, target)
    target.close()

    there = replace(settings, data_dir=tmp_path / "copy", database=DatabaseSettings(url=url))
    started = assemble(there)
    upgrade(started)
    assert (noted(started), found(started)) == ("en", {"one": ("en", "“Moin”")})

    german = assemble(replace(there, site=replace(there.site, language="de")))
    upgrade(german)
    assert found(german) == {"one": ("de", "„Moin“")}


def test_a_restored_site_follows_at_its_first_start(services: WebServices, assemble: Assemble, tmp_path: Path) -> None:
    there = assemble(Settings(data_dir=tmp_path / "new" / "var"))
    publish(services, "One", '"Moin"', slug="one")
    backup.to_file(services, tmp_path / "site.tar.gz", services.clock(), silent)
    with (tmp_path / "site.tar.gz").open("rb") as archive:
        restore(archive, there, there.clock(), silent)
    german = replace(there.settings, site=replace(there.settings.site, language="de"))

    upgrade(assemble(german))

    assert found(there) == {"one": ("de", "„Moin“")}


def test_an_export_is_taken_over_in_the_language_of_the_site_that_it_comes_to(
    services: WebServices, settings: Settings, assemble: Assemble, tmp_path: Path
) -> None:
    publish(services, "One", '"Moin"', slug="one")
    publish(services, "Two", '"Moin"', slug="two", lang="en")
    export(services, tmp_path / "export", silent)
    elsewhere = replace(settings, data_dir=tmp_path / "there", database=DatabaseSettings())
    german = assemble(replace(elsewhere, site=replace(settings.site, language="de")))
    init(german, example=True)

    with importer_of(german).opened(tmp_path / "export", None, None, silent) as found_there:
        found_there.apply()

    assert found(german) == {"one": ("de", "„Moin“"), "two": ("en", "“Moin”")}
    assert noted(german) == "de"


def test_what_an_import_under_other_settings_takes_over_is_followed_at_the_next_start(
    services: WebServices, settings: Settings, assemble: Assemble, tmp_path: Path
) -> None:
    publish(services, "One", '"Moin"', slug="one")
    export(services, tmp_path / "export", silent)
    english = replace(settings, data_dir=tmp_path / "there", database=DatabaseSettings())
    german = assemble(replace(english, site=replace(settings.site, language="de")))
    init(german, example=False)

    with importer_of(assemble(english)).opened(tmp_path / "export", None, None, silent) as found_there:
        found_there.apply()
    assert found(german) == {"one": ("en", "“Moin”")}
    upgrade(german)

    assert found(german) == {"one": ("de", "„Moin“")}
