"""`feedserver notice …`: whether mails and the webhook reach their owner."""

from argparse import Namespace

from feedserver.cli.arguments import Commands, noun, open_site, remark, verb
from feedserver.errors import FeedserverError
from feedserver.storage import revision


def add_commands(commands: Commands) -> None:
    group = noun(commands, "notice", "mails and the webhook that tell what waits")
    verb(group, "test", _test, "send a mail and an event to the webhook, as far as they are set")


def _test(_: Namespace) -> int:
    from feedserver.notices.trial import Trial  # late: what writes mails is needed here alone

    services = open_site()
    with services.database.read() as connection:
        if revision.is_restored(connection):
            raise FeedserverError(revision.WAITS_AS_COPY)
    tried = Trial(services.database, services.urls, services.settings, services.clock, services.exchange).run()
    if not tried:
        raise FeedserverError("nothing is set: mail.url and mail.to, or notices.webhook")
    for one in tried:
        if one.is_good:
            print(one.detail)
        else:
            remark(one.detail)
    return 0 if all(one.is_good for one in tried) else 1
