"""Never held up: fifty silent sources delay neither pings nor readers nor sources that are well."""

from pathlib import Path

import pytest

from feedserver.settings import PingbackSettings
from tests.hostile.stalling import WAIT, share, stall
from tests.support.serving import LONG

SLACK = 2.5  # seconds: fifty pings at once on a busy machine


@pytest.mark.timeout(300)
def test_fifty_silent_sources_hold_nobody_up(tmp_path: Path) -> None:
    held = stall(tmp_path, sources=50, well=40 if LONG else 3, requests=2000 if LONG else 100)

    assert all(str(outcome).startswith("Pingback from") for outcome in held.outcomes)
    assert max(held.answers) < WAIT + SLACK
    waited = [seconds for seconds in held.answers if seconds > WAIT]
    assert len(waited) <= PingbackSettings().places, "all but a few are answered at once"
    assert max(held.verified) < 12, "seconds, and not the ten that each of fifty others may take"
    assert share(held.loaded, 0.95) < max(2 * share(held.idle, 0.95), 0.1)
