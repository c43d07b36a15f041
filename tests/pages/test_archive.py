"""The archive: all posts by year, and those of one year by month."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from feedserver.app import create_app
from feedserver.pages import archive
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.pages.builders import get, hrefs, texts
from tests.support.fixtures import Assemble, Publish

ARCHIVE = "http://blog.example/archive"


def test_all_posts_stand_under_their_years_newest_first(client: FlaskClient, publish: Publish) -> None:
    publish("Fog", slug="fog", date="2024-03-08")
    publish("Ebb", slug="ebb", date="2022-12-31 23:59")
    publish("Tides", slug="tides", date="2024-11-02")

    page = get(client, ARCHIVE).text

    assert texts(page, "main h1, main h2, main li") == [
        "Archive",
        *("2024", "Tides November 2, 2024", "Fog March 8, 2024"),
        *("2022", "Ebb December 31, 2022"),
    ]
    assert hrefs(page, "main h2 a") == [f"{ARCHIVE}/2024", f"{ARCHIVE}/2022"]
    assert hrefs(page, "main li a") == [f"http://blog.example/posts/{slug}" for slug in ("tides", "fog", "ebb")]
    assert hrefs(page, "link[rel=canonical]") == [ARCHIVE]


def test_a_year_has_its_posts_by_month(client: FlaskClient, publish: Publish) -> None:
    for title, date in (("Fog", "2024-03-08"), ("Mist", "2024-03-01"), ("Tides", "2024-11-02"), ("Ebb", "2022-12-31")):
        publish(title, date=date)

    page = get(client, f"{ARCHIVE}/2024").text

    assert texts(page, "main h1, main h2, main li a") == [
        *("Posts of 2024", "November", "Tides", "March", "Fog", "Mist")
    ]
    assert texts(page, "nav[aria-label=Years] a") == ["All years", "2024", "2022"]
    assert texts(page, "nav[aria-label=Years] [aria-current]") == ["2024"]


def test_a_year_begins_in_the_time_zone_of_the_site(assemble: Assemble, settings: Settings) -> None:
    tokyo = assemble(replace(settings, site=replace(settings.site, timezone="Asia/Tokyo")))
    for title, date in (("Before", "2023-12-31T14:59:59Z"), ("After", "2023-12-31T15:00:00Z")):
        tokyo.publisher.add(tokyo.publisher.read(f"---\ntitle: {title}\ndate: {date}\n---\n".encode()), tokyo.clock())
    client = create_app(services=tokyo).test_client()

    assert texts(get(client, f"{ARCHIVE}/2024").text, "main li a") == ["After"]
    assert texts(get(client, f"{ARCHIVE}/2023").text, "main li a") == ["Before"]


def test_only_what_readers_see_is_there(client: FlaskClient, publish: Publish, services: WebServices) -> None:
    publish("A draft", draft="true", date="2020-01-01")
    publish("To come", date="2030-01-01")
    publish("Gone", slug="gone", date="2021-01-01")
    services.publisher.delete("gone")
    publish("Here", date="2024-01-01")

    assert texts(get(client, ARCHIVE).text, "main h2") == ["2024"]
    assert [client.get(f"/archive/{year}").status_code for year in (2020, 2021, 2030, 2024)] == [404, 404, 404, 200]


@pytest.mark.parametrize("year", ["1999", "0", "02024", "2024.0", "abc", "99999", "9999999999", "٢٠٢٤", "-1"])
def test_what_is_no_year_with_posts_is_404(client: FlaskClient, publish: Publish, year: str) -> None:
    publish("Here", date="2024-01-01")

    assert client.get(f"/archive/{year}").status_code == 404


def test_the_oldest_dates_have_a_year_too(client: FlaskClient, publish: Publish) -> None:
    publish("Old", date="1099-05-05")
    publish("Older", date="0002-02-03")

    assert texts(get(client, ARCHIVE).text, "main h2") == ["1099", "2"]
    assert client.get("/archive/1099").status_code == 200


def test_an_empty_site_has_an_archive(client: FlaskClient) -> None:
    page = get(client, ARCHIVE)

    assert page.status_code == 200
    assert "Nothing has been published here yet" in page.text


def test_large_archives_lead_on_to_what_they_leave_out(
    client: FlaskClient, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_ON_A_PAGE", 2)
    for day in (1, 2, 3):
        publish(f"New {day}", date=f"2024-01-0{day}")
    publish("Old", date="2020-01-01")
    for day in (1, 2):
        publish(f"Full {day}", date=f"2019-01-0{day}")

    whole = get(client, ARCHIVE).text
    first, second = get(client, f"{ARCHIVE}/2024").text, get(client, f"{ARCHIVE}/2024?page=2").text

    assert texts(whole, "main h2, main li, main h2 ~ p") == [
        *("2024", "New 3 January 3, 2024", "New 2 January 2, 2024", "All 3 posts of 2024"),
        *("2020", "All 1 post of 2020", "2019", "All 2 posts of 2019"),
    ]
    assert hrefs(get(client, f"{ARCHIVE}/2019").text, "a[rel=next]") == []
    assert hrefs(first, "a[rel=next]") == [f"{ARCHIVE}/2024?page=2"]
    assert (texts(second, "main li a"), hrefs(second, "a[rel=next]")) == (["New 1"], [])
    assert client.get("/archive/2024?page=3").status_code == 404


def test_a_new_post_is_there_at_once(client: FlaskClient, publish: Publish) -> None:
    publish("One", date="2024-01-01")
    assert texts(get(client, ARCHIVE).text, "main li a") == ["One"]

    publish("Two", date="2024-01-02")

    assert texts(get(client, ARCHIVE).text, "main li a") == ["Two", "One"]


def test_each_page_leads_to_the_archive(client: FlaskClient) -> None:
    assert ARCHIVE in hrefs(get(client, "http://blog.example/").text, "nav a")
