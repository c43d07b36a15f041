"""Who reads, at the desk."""

from flask import Flask
from flask.testing import FlaskClient

from feedserver.services import WebServices
from tests.desk.conftest import signed_in
from tests.support.outside import Clock


def read(services: WebServices, subscribers: int) -> None:
    agent = f"Aggregator/1.0 ({subscribers} subscribers)"
    services.readership.count(agent, "192.0.2.1", "site/.rss", 200, 1_000)
    services.readership.write()


def test_nobody_has_read_yet(author: FlaskClient) -> None:
    assert "Nobody was counted in these days." in author.get("/desk/readers").text


def test_days_stand_in_a_picture_and_in_a_table(author: FlaskClient, services: WebServices, clock: Clock) -> None:
    first = clock().date()
    read(services, 40)
    clock.move(days=1)
    read(services, 41)

    page = author.get("/desk/readers").text

    assert '<svg class="chart"' in page
    assert "between 40 and 41 subscribers" in page
    assert "style=" not in page
    assert f"On {clock().date()}" in page
    past = author.get(f"/desk/readers?day={first}").text
    assert f"On {first}" in past
    assert "Aggregator" in past


def test_a_day_to_come_has_no_reader(author: FlaskClient, services: WebServices) -> None:
    read(services, 40)

    page = author.get("/desk/readers?day=2999-01-01&days=nonsense")

    assert page.status_code == 200
    assert "No reader was counted on this day." in page.text


def test_a_year_is_told_by_week_in_a_small_page(app: Flask, services: WebServices, clock: Clock) -> None:
    for _ in range(20):
        read(services, 40)
        clock.move(days=20)

    page = signed_in(app, services, "ann").get("/desk/readers?days=400").text

    assert "by week" in page
    assert len(page.encode()) < 30_000
