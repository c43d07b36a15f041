"""Senders that look for an endpoint carelessly find ours on every page of a post, and their pings arrive."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.conformance.naive_senders import SENDERS, Endpoint, Method, Seen, look, path_of
from tests.support.outside import Clock
from tests.support.pinging import ping_body
from tests.thoughts.site import Site, SlowWeb, changed, linking

SiteAt = Callable[[str], Site]
Sender = Callable[[Callable[[Method], Seen]], Endpoint | None]
QUOTING = """\
Say `<link rel="webmention" href="http://quoted.example/">` or send `Link: <x>; rel="webmention"`.

<p title='<a href="http://attribute.example/" rel="webmention">'>Raw</p>

<!-- <a href="http://comment.example/" rel="webmention">x</a> -->

<link href="http://raw.example/" rel="webmention">
"""
PATHS = ("/posts/a-post", "/posts/first-name", "/posts/a-post/", "/posts/a-post?comment=held")


@pytest.fixture
def site_at(settings: Settings, clock: Clock) -> Iterator[SiteAt]:
    """Makes a site at a base URL, with a post that was renamed."""
    with ExitStack() as stack:

        def make(base: str) -> Site:
            web = SlowWeb()
            services = WebServices(changed(settings, site_url=base), clock, fetch=web)
            stack.callback(services.database.close)
            site = Site(services, clock, web)
            site.publish("A post", slug="first-name", body=QUOTING)
            services.publisher.rename("first-name", "a-post")
            return site

        yield make


def assert_finds(sender: Sender, site: Site) -> tuple[str, str]:
    """Asserts that a sender finds the same endpoint at every address of the post; returns its protocol and URL."""
    base = site.services.urls.base
    found = {sender(partial(look, site.client, base + path)) for path in PATHS}
    (only,) = found
    assert only is not None
    assert only[1] == f"{base}/{only[0]}"
    return only


@pytest.mark.parametrize("sender", SENDERS, ids=[sender.__name__ for sender in SENDERS])
def test_a_sender_finds_the_endpoint_at_every_address_of_a_post_and_its_ping_arrives(
    sender: Sender, site_at: SiteAt
) -> None:
    site = site_at("http://blog.example")

    protocol, endpoint = assert_finds(sender, site)

    target = "http://blog.example/posts/first-name"
    form = {"source": site.web.put("http://other.example/", linking(target)), "target": target}
    body = ping_body(form["source"], target) if protocol == "pingback" else None
    site.client.post(path_of(endpoint), data=body or form)
    assert (site.only_thought().state, site.only_thought().kind) == ("shown", protocol)


def test_all_senders_find_the_endpoint_of_a_site_with_a_path(site_at: SiteAt) -> None:
    site = site_at("http://shared.example/~ann")

    for sender in SENDERS:
        assert_finds(sender, site)


def test_no_sender_finds_an_endpoint_where_none_is_offered(site_at: SiteAt) -> None:
    site = site_at("http://blog.example")
    site.publish("Closed", slug="closed", body=QUOTING, pings="closed")

    for sender in SENDERS:
        for path in ("/posts/closed", "/", "/archive", "/webmention"):
            found = sender(partial(look, site.client, site.services.urls.base + path))
            assert found is None or found[1] == "", (sender.__name__, path)


def test_a_comma_in_the_address_of_a_site_is_encoded_in_the_header(site_at: SiteAt) -> None:
    site = site_at("http://blog.example/a,b")

    found = SENDERS[0](partial(look, site.client, "http://blog.example/a,b/posts/a-post"))

    assert found == ("webmention", "http://blog.example/a%2Cb/webmention")
    assert site.client.get("/a%2Cb/webmention").status_code == 200
