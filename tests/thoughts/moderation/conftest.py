"""Sites with thoughts to moderate."""

import pytest

from feedserver.posts.model import Post
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

OTHER = "http://other.example/another"


@pytest.fixture
def changed_after_approval(site: Site, post: Post, target: str) -> Site:
    site.mention(target, before="A kind opinion about ")
    site.moderate("approve")
    site.web.put(SOURCE, linking(target, before="Buy pills and forget "))
    site.clock.move(seconds=300)
    site.ping(SOURCE, target)
    site.run_jobs()
    return site


@pytest.fixture
def three(site_with: SiteWith) -> Site:
    """A site with three held thoughts."""
    site = site_with(moderation_pingbacks="hold")
    for source in (SOURCE, OTHER, "http://third.example/"):
        site.mention(site.target, source)
    return site
