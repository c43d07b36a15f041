"""How the site is, at the desk."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from feedserver import __version__
from feedserver.app import create_app
from feedserver.jobs import store as jobs
from feedserver.notices import channels
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, MailSettings, Settings
from feedserver.storage import revision
from tests.desk.conftest import form, forms, signed_in
from tests.support.fixtures import Assemble
from tests.support.outside import Clock


def test_health_is_that_of_readyz(author: FlaskClient) -> None:
    page = author.get("/desk/site").text

    told = author.get("/readyz").json
    assert told is not None
    assert f"Health: {told['status']}" in page
    assert all(f"<dt>{name}</dt>" in page for name in told["checks"])
    assert told["checks"]["jobs"]["detail"] in page
    assert __version__ in page


def test_jobs_that_fail_say_why(author: FlaskClient, services: WebServices, clock: Clock) -> None:
    assert "None waits." in author.get("/desk/site").text
    now = clock()
    with services.database.write() as connection:
        job = jobs.lease(connection, jobs.ensure(connection, "verify", "https://a.example/", now, now), now)
        jobs.postpone(connection, job, now + timedelta(hours=1), now, attempts=1, error="<no> answer")

    page = author.get("/desk/site").text

    assert "<td>verify</td>" in page
    assert "&lt;no&gt; answer" in page


def test_the_last_backup_is_told(author: FlaskClient, services: WebServices, clock: Clock) -> None:
    assert "None has been made yet" in author.get("/desk/site").text
    with services.database.write() as connection:
        revision.note_backup(connection, clock())

    assert "None has been made yet" not in author.get("/desk/site").text


def test_settings_stand_there_without_their_passwords(settings: Settings, assemble: Assemble) -> None:
    services = assemble(settings)
    hidden = replace(
        settings,
        database=DatabaseSettings(url=settings.database.url, read_url="postgresql+psycopg://ann:tide@db.example/site"),
    )
    services.settings = hidden
    author = signed_in(create_app(services=services), services, "ann")

    page = author.get("/desk/site").text

    assert "tide" not in page
    assert "ann:***@db.example" in page
    assert "Example Blog" in page


def test_mails_that_were_stopped_are_turned_on_again(settings: Settings, assemble: Assemble) -> None:
    services = assemble(replace(settings, mail=MailSettings(url="smtp://127.0.0.1:1", to="ann@mail.example")))
    author = signed_in(create_app(services=services), services, "ann")

    def told(choice: str) -> str:
        fields = form(author.get("/desk/site"), "/site/mails").fields | {"mails": choice}
        assert author.post("/desk/site/mails", data=fields).status_code == 303
        return author.get("/desk/site").text

    assert "Mails: on." in author.get("/desk/site").text
    off = told("off")
    assert "Mails: off since" in off
    assert "the link at the end of a mail was used, or they were turned off here" in off
    assert "Mails: on." in told("on")
    assert "ann@mail.example" in author.get("/desk/site").text, "among the settings"


@pytest.mark.one_database
def test_of_a_webhook_that_wants_no_more_its_answer_is_told(
    settings: Settings, assemble: Assemble, clock: Clock
) -> None:
    hook = "https://hook.example/"
    services = assemble(replace(settings, notices=replace(settings.notices, webhook=hook)))
    with services.database.write() as connection:
        channels.change(connection, "webhook", hook, ended_at=clock())

    page = signed_in(create_app(services=services), services, "ann").get("/desk/site").text

    assert "</time>: it answered 410, and gets nothing until its address changes." in page


def test_without_an_address_nobody_is_told_and_nothing_fails(author: FlaskClient) -> None:
    page = author.get("/desk/site")
    token = forms(page)[0].fields["form_token"]

    assert "Nobody is told by mail or webhook" in page.text
    assert author.post("/desk/site/mails", data={"form_token": token, "mails": "on"}).status_code == 303


@pytest.mark.one_database
def test_dates_are_english_as_all_words_are(settings: Settings, assemble: Assemble, clock: Clock) -> None:
    services = assemble(replace(settings, site=replace(settings.site, language="de", timezone="Europe/Berlin")))
    clock.now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    author = signed_in(create_app(services=services), services, "ann")
    with services.database.write() as connection:
        revision.note_backup(connection, clock())

    page = author.get("/desk/site").text

    assert "May 1, 2026, 14:00 CEST" in page
    assert "1. Mai 2026" not in page


@pytest.mark.one_database
def test_pages_are_small(author: FlaskClient) -> None:
    assert len(author.get("/desk/site").data) < 30_000
