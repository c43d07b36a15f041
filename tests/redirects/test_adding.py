"""Many redirects in one transaction, as an import adds them."""

from feedserver.errors import RedirectNeedless, RedirectTaken, RedirectUnusable
from feedserver.redirects import adding, store
from feedserver.redirects.model import Redirect
from feedserver.services import WebServices
from feedserver.storage import revision
from tests.support.fixtures import Publish
from tests.support.statements import record_statements


def add(services: WebServices, *pairs: tuple[str, str]) -> list[tuple[str, type[RedirectUnusable]]]:
    with services.database.write() as connection:
        revision.revise(connection)
        return [(one.old, type(one.error)) for one in adding.add_all(connection, services.urls, pairs)]


def everything(services: WebServices) -> list[Redirect]:
    with services.database.read() as connection:
        return list(store.everything(connection))


def test_those_that_cannot_be_are_told_and_stop_no_other(publish: Publish, services: WebServices) -> None:
    publish("A post")

    refused = add(
        services,
        ("http://blog.example/posts/a-post/", "/posts/a-post"),
        ("http://old.example/", "/"),
        ("/", "/posts/a-post"),
        ("http://old.example/2009/x/", "/posts/a-post"),
        ("mailto:ann@old.example", "/posts/a-post"),
        ("/2009/x", "/elsewhere"),
        ("/?p=12", "http://blog.example/posts/a-post"),
        ("/index.php?p=12", "/?p=12"),
    )

    assert dict(refused) == {
        "mailto:ann@old.example": RedirectUnusable,
        "http://blog.example/posts/a-post/": RedirectNeedless,
        "http://old.example/": RedirectNeedless,
        "/": RedirectNeedless,
        "/2009/x": RedirectTaken,
    }
    assert everything(services) == [
        Redirect("/2009/x/", "/posts/a-post"),
        Redirect("/?p=12", "/posts/a-post"),
        Redirect("/index.php?p=12", "/posts/a-post"),
    ]


def test_a_second_import_changes_nothing(publish: Publish, services: WebServices) -> None:
    publish("A post")
    pairs = [(f"/?p={number}", "/posts/a-post") for number in range(20)] + [("/a", "http://elsewhere.example/x#y")]

    assert add(services, *pairs) == add(services, *pairs) == []
    assert len(everything(services)) == 21


def test_those_of_one_batch_make_no_chains_and_no_loops(publish: Publish, services: WebServices) -> None:
    publish("A post")
    add(services, ("/0", "/a"))

    refused = add(services, ("/a", "/b"), ("/c", "/a"), ("/b", "/posts/a-post"), ("/d", "/e"), ("/e", "/d"))

    assert [old for old, _ in refused] == ["/e"]
    assert everything(services) == [
        *(Redirect(old, "/posts/a-post") for old in ("/0", "/a", "/b", "/c")),
        Redirect("/d", "/e"),
    ]


def test_a_batch_takes_a_few_statements(publish: Publish, services: WebServices) -> None:
    publish("A post")
    pairs = [(f"/{number}", "/posts/a-post") for number in range(100)]

    sent = record_statements(services.database.engine)
    add(services, *pairs)

    assert len(sent) < 15


def test_the_names_of_parameters_are_read_without_reading_all_redirects(services: WebServices) -> None:
    add(services, *((f"/?p={number}", "/x") for number in range(9)), ("/?b=1&a b=2", "/x"), ("/old", "/x"))

    with services.database.read() as connection:
        assert store.names(connection) == {"p", "a%20b b"}
