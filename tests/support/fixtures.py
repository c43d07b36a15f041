"""The types of the fixtures that make something, for the signatures of tests."""

from collections.abc import Callable

from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.settings import Settings

Assemble = Callable[[Settings], WebServices]
Publish = Callable[..., Post]
