"""Other blogs, on many addresses of the test internet and one port: `python -m bench.sources PORT`.

`/now/PORT/SLUG/N` links to that post of the server at PORT; `/slow/…` does so after a second.
"""

import asyncio
import sys

HOSTS = [f"127.0.2.{number}" for number in range(1, 21)]
_PAGE = """<!doctype html><html><head><title>Notes {number}</title></head><body><h1>Notes {number}</h1>
<p>Note {number}: I read <a href="http://127.0.0.1:{port}/posts/{slug}">post {number}</a> and was glad of {number}.</p>
</body></html>"""


async def serve(port: int) -> None:
    server = await asyncio.start_server(_answer, HOSTS, port, backlog=1024)
    async with server:
        await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        _, pace, port, slug, number = head.split(b" ")[1].decode("ascii").split("/")
        if pace == "slow":
            await asyncio.sleep(1)
        body = _PAGE.format(port=port, slug=slug, number=number).encode("ascii")
        fields = f"Content-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\nConnection: close"
        writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode("ascii") + body)
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError, ValueError):
        pass  # the client has left, or only tried whether the port is open
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
