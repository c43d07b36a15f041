"""A site with its owner: news come, time goes on, jobs run."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import Table, func, select

from feedserver.app import create_app
from feedserver.jobs import store as jobs
from feedserver.jobs.housekeeping import HOUSEKEEPING
from feedserver.jobs.model import Job
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.model import State, Thought
from tests.feeds.happenings import of_id, say
from tests.notices.hook import Hook
from tests.posts import builders
from tests.support.mail_server import MailServer
from tests.support.moderating import moderate
from tests.support.outside import Clock

OWNER = "ann@blog.example"


class Owned:
    def __init__(self, services: WebServices, clock: Clock, mail_server: MailServer, hook: Hook) -> None:
        self.services, self.clock, self.mail_server, self.hook = services, clock, mail_server, hook
        self.client: FlaskClient = create_app(services=services).test_client()

    def post(self, slug: str = "a-post", title: str = "A post") -> Post:
        return builders.publish(self.services, title, "Words.", slug=slug)

    def comment(self, post: Post, text: str = "Well said.", name: str = "Bob", state: State = "held") -> Thought:
        return say(self.services, post, text, name, state)

    def decide(self, thought: Thought, action: Action) -> None:
        moderate(self.services.database, thought.id, action, self.clock())

    def thought(self, thought: Thought) -> Thought:
        return of_id(self.services, thought.id)

    def work(self, **span: float) -> None:
        """Moves the clock, and runs what is due then; what has just been found out leads to more."""
        self.clock.move(**span)
        for _ in range(20):
            if not self.services.runner.run_due():
                return
        raise AssertionError("jobs come again and again")

    def tell(self) -> None:
        """Lets all be told that is to be told now: the job that gathers, then those that send, after their pauses."""
        self.work()
        self.work(seconds=self.services.settings.notices.gather)

    def jobs(self) -> list[Job]:
        """Those that are there, but for housekeeping."""
        with self.services.database.read() as connection:
            return [job for job in jobs.everything(connection) if job.kind != HOUSEKEEPING]

    @property
    def mails(self) -> int:
        return len(self.mail_server.mails)

    def rows(self, table: Table) -> int:
        with self.services.database.read() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()


OwnedWith = Callable[..., Owned]
