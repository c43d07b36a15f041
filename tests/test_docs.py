"""docs/interface.md: complete where a program can tell, and cited by headings that are there."""

import re
from pathlib import Path

from feedserver.settings import keys

CHECKOUT = Path(__file__).parents[1]
INTERFACE = (CHECKOUT / "docs" / "interface.md").read_text("utf-8")
HEADINGS = [
    "Commands",
    "Settings",
    "Posts",
    "Addresses",
    "pingback.ping",
    "Shapes of JSON",
    "Feeds over HTTP",
    "Growing old",
]


def test_the_interface_has_its_chapters() -> None:
    assert re.findall(r"^## (.+)$", INTERFACE, re.MULTILINE) == HEADINGS


def test_every_setting_is_part_of_the_interface() -> None:
    assert [key for key in keys() if f"`{key}`" not in INTERFACE] == []


def test_what_code_cites_of_the_interface_is_there() -> None:
    texts = [path.read_text("utf-8") for room in ("feedserver", "tests") for path in (CHECKOUT / room).rglob("*.py")]
    cited = re.findall(r"docs/interface\.md,\s+“([^”]+)”", "\n".join(texts))

    assert [heading for heading in cited if heading not in HEADINGS] == []


def test_every_module_has_its_place_in_the_architecture() -> None:
    package = CHECKOUT / "feedserver"
    modules = {
        path for path in package.rglob("*.py") if "migrations" not in path.parts and not path.stem.startswith("_")
    }
    words = set(re.findall(r"\w+", (CHECKOUT / "ARCHITECTURE.md").read_text("utf-8")))

    assert {str(path.relative_to(package)) for path in modules if path.stem not in words} == set()
