"""Many who sign in at once, at a real server: readers get their feed meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

from tests.support.serving import request, running_site

_AT_ONCE = 12  # two are hashed, four wait, the others are told to come back


def test_a_storm_of_passwords_leaves_threads_for_readers(tmp_path: Path) -> None:
    with running_site(tmp_path, workers=1) as site, ThreadPoolExecutor(_AT_ONCE) as pool:

        def sign_in(number: int) -> tuple[int, dict[str, str], bytes]:
            body = urlencode({"name": f"somebody {number}", "password": "not the password"}).encode()
            return request(f"{site.url}/desk/sign-in", body=body, headers={"X-Forwarded-For": f"198.51.100.{number}"})

        sent = [pool.submit(sign_in, number) for number in range(_AT_ONCE)]
        read = 0
        while not all(one.done() for one in sent):
            assert site.get("/feed.atom")[0] == 200
            read += not all(one.done() for one in sent)
        answers = [one.result() for one in sent]

    assert read > 0  # while others still waited
    statuses = [status for status, _, _ in answers]
    assert set(statuses) <= {403, 503}
    assert statuses.count(403) >= 2
    assert all(int(headers["retry-after"]) > 0 for status, headers, _ in answers if status == 503)
