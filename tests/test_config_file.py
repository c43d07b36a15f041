"""config/feedserver.toml documents every setting, with its default."""

import itertools
import re
import tomllib
from pathlib import Path

from feedserver import settings
from feedserver.setting_sources import CONFIG_VARIABLE

FILE = Path(__file__).parents[1] / "config" / "feedserver.toml"


def test_the_file_lists_every_setting_once_and_nothing_else() -> None:
    document = tomllib.loads(FILE.read_text("utf-8"))

    listed = [
        f"{name}.{inner}" if isinstance(value, dict) else name
        for name, value in document.items()
        for inner in (value if isinstance(value, dict) else [name])
    ]

    assert sorted(listed) == sorted(settings.keys())


def test_the_values_in_the_file_are_the_defaults() -> None:
    from_file = settings.load({CONFIG_VARIABLE: str(FILE)})

    assert from_file == settings.Settings()


def test_every_setting_has_a_comment() -> None:
    lines = FILE.read_text("utf-8").splitlines()

    unexplained = [
        line
        for before, line in itertools.pairwise(lines)
        if re.match(r"\w+ = ", line) and not re.match(r"# \w.{10,}\.$", before)
    ]

    assert unexplained == []
