"""A bucket of a real server of S3, moto's, in an environment of its own: `make test` installs it."""

import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "pictures"
WHY_NOT = "no server of S3 (`make test` installs it)"
_PROGRAM = """
import sys
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


def python() -> Path | None:
    """The interpreter of the server's environment, beside that of the tests or within it."""
    places = [Path(sys.prefix) / "moto", Path(sys.prefix).parent / "moto"]
    return next((place / "bin/python" for place in places if (place / "bin/python").exists()), None)


@contextmanager
def running_bucket() -> Iterator[dict[str, str]]:
    """The environment with which programs for S3 find a server that has one empty bucket, `NAME`."""
    command = [str(python()), "-c", _PROGRAM]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            _make_bucket(port)
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "tests",
                "AWS_SECRET_ACCESS_KEY": "of no use elsewhere",
            }
        finally:
            server.kill()


def _make_bucket(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    credential = "AWS4-HMAC-SHA256 Credential=tests/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    connection.request("PUT", f"/{NAME}", headers={"Authorization": credential})
    assert connection.getresponse().status == 200
    connection.close()
