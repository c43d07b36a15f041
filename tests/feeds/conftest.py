"""A site with a post that has thoughts, at the root of its host and below a path."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from feedserver.app import create_app
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.feeds.happenings import link, say
from tests.support.fixtures import Assemble, Publish


@pytest.fixture
def fog(publish: Publish, services: WebServices) -> Post:
    """A post with a comment and a pingback."""
    post = publish("Fog", slug="fog", tags="[sea]", body="Fog *everywhere*.")
    say(services, post)
    link(services, post, "https://other.example/a?b=1&c=2")
    return post


@pytest.fixture
def mounted(settings: Settings, assemble: Assemble) -> FlaskClient:
    """The same site, but below a path of another host."""
    site = replace(settings.site, url="https://host.example/my%20blog")
    return create_app(services=assemble(replace(settings, site=site))).test_client()
