"""What `make bench` says of its figures, and where it writes them."""

from pathlib import Path

import pytest

from bench import front
from bench.sites import Site
from tests.support.proxy import WHY_NOT


def test_without_nginx_the_bench_says_why_it_measures_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(front, "PROGRAM", None)

    assert front.measure(Site(tmp_path, 100)) == []
    assert WHY_NOT in capsys.readouterr().err
