"""Where to go after signing in."""

import pytest

from feedserver.desk.next_page import read_next


@pytest.mark.parametrize(
    "path", ["/desk", "/desk/posts", "/desk/posts?state=draft&page=2", "/desk/posts/caf%C3%A9", "/desk?next=%2F%2Fx"]
)
def test_paths_of_the_desk_are_taken(path: str) -> None:
    assert read_next(path, "") == path
    assert read_next(f"/below{path}", "/below") == path


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/posts", "/deskx", "/Desk/posts", "desk/posts", "//evil.example", "//desk/posts", "///desk"),
        *(
            "/\\evil.example",
            "/desk\\..\\x",
            "/desk/\\evil.example",
            "/desk//evil.example",
            "\\desk",
            "/\t/evil.example",
        ),
        *("https://evil.example/desk", "https:/desk", "javascript:alert(1)", "//evil.example/desk", "/@evil.example"),
        *("/desk/..", "/desk/../posts", "/desk/./x", "/desk/%2e%2e/posts", "/desk/%2E%2e", "/desk/.%2e/posts"),
        *(
            "/desk/%2f%2fevil.example",
            "/desk/%5cevil",
            "/desk/%252e%252e/posts",
            "/desk/%00",
            "/desk/%0d%0aSet-Cookie:x",
        ),
        *(
            "/desk/posts\r\nX: y",
            "/desk/posts\n",
            "/desk ",
            " /desk",
            "/desk/é",
            "/desk#x",
            "/desk?x#y",
            "/desk?\\",
            "/desk/",
        ),
        *("/desk/sign-in", "/desk/sign-in?next=/desk", "/desk/sign-out", "/desk/welcome/x", "/desk/%73ign-in"),
        *("/below/posts", "/below//evil.example", "/below", "/desk/" + "x" * 2_000),
    ],
)
def test_others_lead_to_the_inbox(path: str) -> None:
    assert read_next(path, "") == "/desk"
    assert read_next(path, "/below") == "/desk"
    assert read_next(f"/below{path}", "/below") == "/desk"
