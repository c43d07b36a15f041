"""Fifty silent sources delay neither pings nor readers nor the verification of other sources."""

from pathlib import Path

import pytest

from feedserver.settings import PingbackSettings
from tests.hostile.stalling import WAIT, quantile, stall
from tests.support.serving import LONG

SLACK = 2.5  # seconds: fifty pings at once on a busy machine


@pytest.mark.timeout(300)
def test_fifty_silent_sources_delay_nobody(tmp_path: Path) -> None:
    measured = stall(tmp_path, sources=50, responsive=40 if LONG else 2, requests=2000 if LONG else 100)

    assert all(str(outcome).startswith("Pingback from") for outcome in measured.outcomes)
    assert max(measured.answers) < WAIT + SLACK
    waited = [seconds for seconds in measured.answers if seconds > WAIT]
    assert len(waited) <= PingbackSettings().places, "only the senders with a slot wait"
    assert max(measured.verified) < 12, "a responsive source does not wait for the timeouts of the others"
    assert quantile(measured.loaded, 0.95) < max(2 * quantile(measured.idle, 0.95), 0.1)
