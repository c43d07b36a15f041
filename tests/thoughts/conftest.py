"""A site with one post, and sites with other settings."""

import pytest

from feedserver.posts.model import Post
from feedserver.settings import Settings
from tests.support import published
from tests.support.fixtures import Assemble
from tests.support.outside import Clock
from tests.support.waiting import SECONDS
from tests.thoughts.site import Site, SiteWith, SlowWeb, changed


@pytest.fixture
def web() -> SlowWeb:
    return SlowWeb()


@pytest.fixture
def site_with(settings: Settings, assemble: Assemble, clock: Clock, web: SlowWeb) -> SiteWith:
    """Makes a site with other settings: `site_with(limits_refetch=0)`. Two of them are two processes of one site."""

    def make(**values: object) -> Site:
        unhurried = {"pingback_wait": SECONDS} | values  # a busy machine must not turn “registered” into “accepted”
        return Site(assemble(changed(settings, **unhurried)), clock, web)

    return make


@pytest.fixture
def site(site_with: SiteWith) -> Site:
    return site_with()


@pytest.fixture
def post(site: Site) -> Post:
    """The post that is pinged."""
    return published.once(site.services, lambda: site.publish("A post", slug="a-post"))


@pytest.fixture
def target(site: Site, post: Post) -> str:
    return site.url(post)
