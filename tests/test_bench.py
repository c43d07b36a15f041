"""What `make bench` says of its figures, and where it writes them."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import front, report, scaling
from bench.figures import Figure
from bench.sites import Site
from tests.support.proxy import WHY_NOT

DOCS = Path(__file__).parents[1] / "docs"


def test_without_nginx_the_bench_says_why_it_measures_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(front, "PROGRAM", None)

    assert front.measure(Site(tmp_path, 100)) == []
    assert WHY_NOT in capsys.readouterr().err


def test_the_page_about_scaling_says_what_the_last_run_found() -> None:
    page = (DOCS / "scaling.md").read_text("utf-8")

    assert scaling.renewed(page, *report.read(DOCS)) == page


def test_every_figure_that_the_page_about_scaling_speaks_of_is_measured() -> None:
    _, figures = report.read(DOCS)

    assert set(scaling.NAMES) <= {figure.name for figure in figures}
    rates = {figure.name for figure in figures if figure.rate}
    assert {"feed 304, of bare WSGI", "feed 200, gzip, of bare WSGI"} <= rates


def test_a_run_leaves_its_figures_in_the_page_and_the_words_around_them_alone(tmp_path: Path) -> None:
    shutil.copy(DOCS / "scaling.md", tmp_path)
    before = (tmp_path / "scaling.md").read_text("utf-8")
    figures = [
        Figure("nginx in front", front.named("304"), 0.9, "×", rate=25_432.1),
        Figure("nginx in front", front.named("200, gzip"), 0.8, "×", rate=4_000.4),
        Figure("feeds, beside rivals", "feed 304, of bare WSGI", 0.9, "×", rate=1_400),
        Figure("feeds, beside rivals", "feed 200, gzip, of bare WSGI", 0.9, "×", rate=900),
        Figure("from 100 to 100,000 posts", "page after a change", 1.1, "× slower"),
    ]

    report.write(tmp_path, figures, [], 300, datetime(2026, 1, 31, tzinfo=UTC))

    after = (tmp_path / "scaling.md").read_text("utf-8")
    assert without_figures(after) == without_figures(before)
    assert "on 2026-01-31" in after
    assert "25,400 a second unchanged and 4,000 whole (gzip), so 3 such machines" in " ".join(after.split())
    assert "8 to 12 processes" in after
    assert "**Pages**" not in after, "they were not measured"
    assert "1.10 times at most (page after a change)" in after


def test_a_run_without_nginx_says_that_the_cache_was_not_measured(tmp_path: Path) -> None:
    page = (DOCS / "scaling.md").read_text("utf-8")
    where, figures = report.read(DOCS)

    renewed = scaling.renewed(page, where, [figure for figure in figures if figure.group != "nginx in front"])

    assert "**Feeds behind nginx**: not measured in this run." in renewed


def test_a_page_that_has_lost_a_place_for_figures_is_not_written() -> None:
    where, figures = report.read(DOCS)

    with pytest.raises(ValueError, match="two places"):
        scaling.renewed("<!-- bench -->\n<!-- /bench -->\n", where, figures)


def without_figures(page: str) -> list[str]:
    """The page's words outside the places for figures."""
    return [part.partition("<!-- /bench -->")[2] or part for part in page.split("<!-- bench -->\n")]
