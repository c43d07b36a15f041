"""The figures of `make bench`: targets, the table, the files, and the rows that pages of docs/ name."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from bench import nginx, report
from bench.figures import Figure, rate_growth, time_growth
from bench.filling import fill
from bench.profiles import Profile
from bench.sites import Both
from feedserver.services import WebServices
from tests.support.proxy import WHY_NOT

DOCS = Path(__file__).parents[1] / "docs"
FIGURES = [
    Figure("feeds", "feed 304", 0.934, "×", least=0.9, note="1,400 : 1,500 /s"),
    Figure("memory", "worker", 80.25, "MB", most=75),
    Figure("feeds", "first new bytes", 12.3, "ms"),
]
PROFILES = [Profile("a ping", 12.5, [("feedserver.urls.post", "3", "4%")])]


@pytest.fixture
def run() -> report.Run:
    return report.Run.of(FIGURES, PROFILES, 301.4, datetime(2026, 1, 31, tzinfo=UTC))


@pytest.mark.parametrize(
    ("target", "value", "reached"),
    [
        ({"least": 0.9}, 0.9, True),
        ({"least": 0.9}, 0.89, False),
        ({"most": 2.0}, 2.0, True),
        ({"most": 2.0}, 2.1, False),
        ({}, 1.0, None),
    ],
    ids=["at least", "too little", "at most", "too much", "no target"],
)
def test_a_target_is_reached_or_not(target: dict[str, Any], value: float, reached: bool | None) -> None:
    assert Figure("group", "name", value, **target).reached is reached


def test_growth_is_how_much_slower_the_large_site_is() -> None:
    assert rate_growth("feed", 1200, 1000).value == pytest.approx(1.2)
    assert time_growth("published", 0.010, 0.013).value == pytest.approx(1.3)


def test_the_table_has_a_row_for_each_figure_by_group_and_counts_the_targets(run: report.Run) -> None:
    lines = report.table(run).splitlines()

    assert lines[1:4] == [
        "feeds",
        f"  {'feed 304':<52} {'0.93 ×':>10}  {'≥ 0.90':<8} {'reached':<12} 1,400 : 1,500 /s",
        f"  {'first new bytes':<52} {'12.3 ms':>10}",
    ]
    assert lines[6].split() == ["worker", "80.2", "MB", "≤", "75.0", "not", "reached"]
    assert lines[-1] == "1 of 2 targets reached"


def test_a_run_is_written_as_json_and_as_tables(run: report.Run, tmp_path: Path) -> None:
    report.write(tmp_path, run)

    found = json.loads((tmp_path / "performance.json").read_text("utf-8"))
    assert (found["measured"], found["seconds"]) == ("2026-01-31", 301)
    assert found["figures"][0] == {
        "group": "feeds",
        "name": "feed 304",
        "value": 0.934,
        "unit": "×",
        "least": 0.9,
        "most": None,
        "note": "1,400 : 1,500 /s",
        "reached": True,
    }
    assert found["profiles"] == [
        {"name": "a ping", "milliseconds": 12.5, "rows": [["feedserver.urls.post", "3", "4%"]]}
    ]
    page = (tmp_path / "performance.md").read_text("utf-8")
    assert "\n## Feeds\n" in page
    assert "| feed 304 | 0.93 × | ≥ 0.90 | reached | 1,400 : 1,500 /s |" in page
    assert "| `feedserver.urls.post` | 3 | 4% |" in page


def test_without_nginx_the_bench_says_why_it_measures_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(nginx, "PROGRAM", None)

    assert nginx.measure(Both(tmp_path)) == []
    assert WHY_NOT in capsys.readouterr().err


def test_the_page_in_docs_is_made_from_the_json_beside_it() -> None:
    assert report.page(report.read(DOCS)) == (DOCS / "performance.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["scaling.md", "measuring.md"])
def test_a_page_names_only_rows_that_were_measured(name: str) -> None:
    rows = {(anchor(figure.group), figure.name) for figure in report.read(DOCS).figures}
    text = " ".join((DOCS / name).read_text("utf-8").split())

    named = re.findall(r"\[([^\]]+)\]\(performance\.md#([^)]+)\)", text)

    assert [link for link, group in named if (group, link) not in rows] == []
    assert named or name != "scaling.md"


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_site_is_filled_as_the_tables_are(client: FlaskClient, services: WebServices) -> None:
    fill(services, 30)

    page = client.get("/posts/post-30").text
    assert "10 Thoughts to “Post number 30”" in page
    assert "Post number 30" in client.get("/feed.atom").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_site_may_be_filled_with_more_thoughts_than_posts(client: FlaskClient, services: WebServices) -> None:
    fill(services, 3, thoughts=300, on_newest=201)

    assert "201 Thoughts to “Post number 3”" in client.get("/posts/post-3").text
    assert client.get("/posts/post-3?thoughts=3").status_code == 200
