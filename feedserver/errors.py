"""All errors that feedserver raises.

    FeedserverError
    ├── SettingsError            invalid settings, a line for each
    ├── StorageError             no database, or its schema is older than this program or lacks what it needs
    ├── AddressUnusable          nothing can listen at an address
    ├── BackupError              a backup cannot be made or restored here
    │   └── BackupUnusable       damaged, of a newer program, or no backup at all
    ├── ImportRefused            nothing can be imported from there
    │   └── ImportDamaged        damaged, but a forgiving reading may take the rest
    ├── PostError
    │   ├── PostNotFound
    │   │   ├── PostGone         deleted
    │   │   │   └── PostErased   its texts are gone for good
    │   │   ├── PostMoved        carries the new slug
    │   │   └── PageFound        a page, where a post was asked for
    │   ├── SlugTaken
    │   ├── SlugReserved
    │   ├── GuidTaken
    │   ├── AlreadyAdded         the form of a new post was sent twice
    │   ├── AlreadyRenamed       somebody else has renamed the post meanwhile
    │   ├── EditConflict         somebody else has saved another text meanwhile
    │   ├── SaysNothing          neither words nor pictures
    │   ├── StillPublic          a change would hide it, which is what withdrawing is for
    │   ├── RevisionNotFound
    │   └── InvalidDocument      names the field
    │       └── DocumentTooLong
    ├── MediaError
    │   ├── MediaRefused         a file that cannot be taken; names it
    │   ├── MediaNotFound
    │   ├── MediaAmbiguous       several have the name
    │   ├── MediaShown           a post or page shows it
    │   └── MediaStoreError      the store cannot be reached or written
    ├── RedirectUnusable         an old address, or where it is to lead, cannot be so: one class for each reason
    ├── RedirectNotFound
    ├── FeedNotFound             no such list, page or archive
    │   └── ArchiveNotFull       the archive after the last full one
    ├── ThoughtError
    │   ├── ThoughtNotFound
    │   └── ThoughtChanged       it is not as the moderator has seen it
    ├── SendingError             others cannot be told of a post: one class for each reason
    ├── PingError                one class for each refusal (docs/interface.md, “pingback.ping”)
    ├── SubscriptionError        one class for each refusal (docs/interface.md, “WebSub”)
    │   ├── SubscriptionUnusable names the field
    │   ├── TooManyOfOneSite
    │   ├── Unconfirmed          the callback has not answered an earlier request yet
    │   ├── TooManyRequests      of one sender in a minute
    │   └── HubFull
    ├── SubscriptionNotFound
    ├── AccountError             accounts, and who may use them
    │   ├── AccountNotFound
    │   ├── AccountNotSaid       whose, of several or none
    │   ├── AccountTaken
    │   ├── NameUnusable         of an account or an app
    │   ├── PasswordRefused      a new password is too short or too long
    │   ├── WrongSignIn          name, password or code
    │   ├── WrongCode            where the password was right, or is not asked
    │   ├── LinkEnded            a sign-in link that was used, is too old, or never was
    │   ├── WrongToken           of an app
    │   ├── AppNotFound
    │   ├── AppTaken
    │   └── TryLater             carries the seconds
    │       ├── TooManyWrong     passwords, codes or tokens
    │       └── TooManyAtOnce    passwords are being checked
    ├── NoticeError
    │   ├── MailFailed           the mail server has not taken a mail, as far as known
    │   ├── LinkUnknown          no such address in a mail, or not any more
    │   ├── LinkExpired
    │   └── LinkOvertaken        it was used, or somebody else has decided: carries what happened
    └── FetchError
        ├── AddressForbidden     not public and not allowed
        ├── HostUnknown          the name does not resolve
        ├── TimedOut             the deadline over name, connect, TLS, redirects and body
        ├── ConnectionFailed     refused, reset, TLS error, broken HTTP
        ├── RedirectRefused      more than five, a loop, another scheme, userinfo
        ├── BudgetSpent          a redirect leads to a host whose fetch limit is reached
        ├── BadStatus            carries the status
        └── NotText              a type that cannot hold links

Errors know neither HTTP status nor XML-RPC fault codes: each protocol has a table of them. `xmlrpc` has the errors of
XML-RPC requests.
"""

from collections.abc import Sequence


class FeedserverError(Exception):
    """Base of all. `str(error)` is one line for people: the problem, and what to do."""


class SettingsError(FeedserverError):
    """The settings are invalid. `faults` holds one line for each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


class StorageError(FeedserverError):
    """There is no database, or its schema is older than this program or lacks what it needs."""


class AddressUnusable(FeedserverError):
    """The server cannot listen at an address. `reason` says why, and what to do."""

    def __init__(self, bind: str, reason: str) -> None:
        super().__init__(f"{bind} {reason}")


class BackupError(FeedserverError):
    """A backup cannot be made, or cannot be restored at this place."""


class BackupUnusable(BackupError):
    """An archive that is damaged, of a newer program, or no backup at all."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the backup cannot be restored: {problem}")


class BackupIncomplete(BackupError):
    """A backup was made, but the site no longer has all its pictures and files."""

    def __init__(self, lost: str) -> None:
        super().__init__(
            f"the backup is made without all pictures and files, and older backups are kept ({lost});"
            " put them back from one of these, or `feedserver media remove` them"
        )


class ExportIncomplete(FeedserverError):
    """An export was made, but the site no longer has all its pictures and files."""

    def __init__(self, lost: str) -> None:
        super().__init__(
            f"the export is made without all pictures and files ({lost});"
            " put them back from a backup, or `feedserver media remove` them"
        )


class ImportRefused(FeedserverError):
    """What is named cannot be imported: no export, a hostile or damaged archive, or more than is taken."""


class ImportDamaged(ImportRefused):
    """The export is damaged, but a forgiving reading may take the rest of it."""


# --- posts ---


class PostError(FeedserverError):
    """A post cannot be found, stored or changed."""


class PostNotFound(PostError):
    def __init__(self, slug: str) -> None:
        super().__init__(f"no post has the slug “{slug}”; `feedserver post list` shows them all")
        self.slug = slug


class PostGone(PostNotFound):
    """The post was deleted."""

    def __init__(self, slug: str) -> None:
        PostError.__init__(self, f"“{slug}” is deleted; `feedserver post restore {slug}` brings it back")
        self.slug = slug


class PostErased(PostGone):
    """The post was deleted, and erased."""

    def __init__(self, slug: str) -> None:
        PostError.__init__(self, f"“{slug}” was erased; nothing is left of it but its address, which answers 410")
        self.slug = slug


class NotDeleted(PostError):
    def __init__(self, slug: str, deed: str) -> None:
        super().__init__(f"“{slug}” is not deleted, and only a deleted post can be {deed}; see `feedserver post list`")
        self.slug = slug


class PostMoved(PostNotFound):
    """The post was renamed; `slug` is its new slug."""


class PageFound(PostNotFound):
    """No post has the slug, but a page that readers see; `slug` is its present one."""


class SlugTaken(PostError):
    """Another post has the slug, or had it. `can_be_restored`: that one is deleted."""

    def __init__(self, slug: str, *, can_be_restored: bool = False) -> None:
        owner = "a deleted post" if can_be_restored else "another post, now or formerly"
        advice = f"; or bring that one back: `feedserver post restore {slug}`" if can_be_restored else ""
        super().__init__(f"slug: “{slug}” is taken by {owner}; choose another one{advice}")
        self.slug = slug


class SlugReserved(PostError):
    """A page cannot have the slug: an address of the site itself begins so."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"slug: no page can live at /{slug}, which is an address of the site itself; choose another one"
        )
        self.slug = slug


class GuidTaken(PostError):
    """Another post has the id that an imported one is to keep."""

    def __init__(self, guid: str) -> None:
        super().__init__(f"guid: “{guid}” is the id of another post")
        self.guid = guid


class AlreadyAdded(PostError):
    """A form was sent that has added a post already. `slug` is that post's present one."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"this form has added “{slug}” already; `feedserver post edit {slug} FILE` changes it")
        self.slug = slug


class AlreadyRenamed(PostError):
    """A post was to get another slug by somebody who did not know its present one. `slug` is that."""

    def __init__(self, slug: str, wanted: str) -> None:
        super().__init__(f"slug: this post was renamed to “{slug}” meanwhile; saved once more, it becomes “{wanted}”")
        self.slug = slug


class EditConflict(PostError):
    """The text of a post is another one than its writer knew. `number` is that of its newest revision."""

    def __init__(self, slug: str, number: int) -> None:
        super().__init__(
            f"“{slug}” was changed meanwhile, and is at revision {number}; `feedserver post show {slug}` prints it"
        )
        self.slug = slug
        self.number = number


class RevisionNotFound(PostError):
    def __init__(self, slug: str, number: int) -> None:
        super().__init__(f"“{slug}” has no revision {number}; `feedserver post history {slug}` lists them")
        self.slug = slug
        self.number = number


class SaysNothing(PostError):
    """A post that is written at the desk or by an app, and in which readers would find nothing."""

    def __init__(self) -> None:
        super().__init__("there is nothing in this post yet: give it a title or some text")


class StillPublic(PostError):
    """A change that would hide a public post from readers, and does not say so."""

    def __init__(self) -> None:
        super().__init__(
            "this post is public; as a draft, or with a date to come, it would be taken away from readers:"
            " withdraw it first, or give a past date"
        )


class InvalidDocument(PostError):
    """A document that cannot be published. `field` is the name of the front matter field."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class DocumentTooLong(InvalidDocument):
    def __init__(self) -> None:
        super().__init__("document", "is over 1 MiB; shorten it or move parts to enclosures")


# --- pictures and files ---


class MediaError(FeedserverError):
    """A picture or file cannot be taken, found, stored or removed."""


class MediaRefused(MediaError):
    """A file that cannot be taken. `name` is its name."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name
        self.problem = problem


class MediaNotFound(MediaError):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is no picture or file “{name}”; `feedserver media list` shows them all")
        self.name = name


class MediaAmbiguous(MediaError):
    """Several pictures or files have the name; `paths` are HASH/NAME of each."""

    def __init__(self, name: str, paths: Sequence[str]) -> None:
        super().__init__(f"“{name}” is the name of {len(paths)}; say which: {', '.join(paths)}")
        self.paths = tuple(paths)


class MediaShown(MediaError):
    """What posts or pages show is not removed; `slugs` are theirs."""

    def __init__(self, name: str, slugs: Sequence[str]) -> None:
        shown = ", ".join(f"“{slug}”" for slug in slugs)
        super().__init__(f"“{name}” is shown by {shown}; change that first, or remove it with --force")
        self.slugs = tuple(slugs)


class MediaStoreError(MediaError):
    """The store of pictures and files cannot be reached, read or written."""


# --- redirects ---


class RedirectUnusable(FeedserverError):
    """A redirect cannot be added as it is written."""


class RedirectNeedless(RedirectUnusable):
    """Something is at the old address, so that nobody would be redirected."""

    def __init__(self, old: str, why: str) -> None:
        super().__init__(f"{old} {why}, and answers by itself; give another old address")


class RedirectTaken(RedirectUnusable):
    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"{old} leads to {new} already; `feedserver redirect remove {old}` ends that")


class RedirectLoop(RedirectUnusable):
    def __init__(self) -> None:
        super().__init__("NEW leads back to OLD in the end; give another address")


class RedirectNotFound(FeedserverError):
    def __init__(self, old: str) -> None:
        super().__init__(f"no redirect has the old address {old}; `feedserver redirect list` shows them all")


# --- feeds ---


class FeedNotFound(FeedserverError):
    """A tag or author without a visible post, or a page or archive that the feed does not have."""

    def __init__(self, key: str) -> None:
        super().__init__(f"there is no feed {key}; /feeds lists them all")


class ListMoved(FeedNotFound):
    """The list of a tag or author that is spelled otherwise; `name` is how."""

    def __init__(self, key: str, name: str) -> None:
        super().__init__(key)
        self.name = name


class ArchiveNotFull(FeedNotFound):
    """The archive after the last full one: its entries are still in the newest document."""


# --- thoughts ---


class ThoughtError(FeedserverError):
    """A thought cannot be found or changed."""


class ThoughtNotFound(ThoughtError):
    def __init__(self, thought_id: int) -> None:
        super().__init__(f"no thought has the id {thought_id}; `feedserver thought list` shows them all")
        self.thought_id = thought_id


class ThoughtChanged(ThoughtError):
    """A thought is not as a moderator has seen or left it; `account` has decided on it last, if that is known."""

    def __init__(self, thought_id: int, state: str, reason: str | None, account: str | None) -> None:
        why = ", ".join(filter(None, (reason, account and f"by {account}")))
        super().__init__(f"thought {thought_id} has changed meanwhile: it is {state} now{f' ({why})' if why else ''}")
        self.thought_id = thought_id


class SendingError(FeedserverError):
    """Others cannot be told of a post."""


class PostUnseen(SendingError):
    """Readers do not see the post, which is a draft or scheduled."""

    def __init__(self, slug: str, status: str) -> None:
        super().__init__(
            f"“{slug}” is {'a draft' if status == 'draft' else status}; nobody is told before readers see it"
        )


class PagesTellNobody(SendingError):
    def __init__(self, slug: str) -> None:
        super().__init__(f"“{slug}” is a page, and pages tell nobody that they link to them")


class NothingToTell(SendingError):
    """The post says that nobody is to be told of it; or the page never heard of it, and now there is nothing left."""

    def __init__(self, slug: str, *, tells: bool = False) -> None:
        why = (
            "is not seen any more, or links there no more" if tells else "says `tell: false`; take that out of it first"
        )
        super().__init__(f"nothing to tell: “{slug}” {why}")


class OutgoingPingNotFound(SendingError):
    def __init__(self, ping_id: int) -> None:
        super().__init__(f"no ping has the id {ping_id}; `feedserver ping list` shows them all")


class AlreadyTold(SendingError):
    def __init__(self, ping_id: int, slug: str) -> None:
        super().__init__(f"ping {ping_id} was told; `feedserver ping send {slug}` tells all pages once more")


class PingError(FeedserverError):
    """A ping is refused. Its text is for the sender and reveals no internals.

    If a thought tells of the ping, `state` is that thought's, and `receipt` the URL of its receipt, which `str` names.
    """

    text = "the ping could not be taken"

    def __init__(self, receipt: str | None = None, state: str | None = None) -> None:
        super().__init__(f"{self.text}. {receipt}" if receipt else self.text)
        self.receipt = receipt
        self.state = state


class SourceUnusable(PingError):
    text = "the source is not an absolute http or https URL"


class SourceMissing(PingError):
    text = "the source does not exist or cannot be fetched"


class LinkMissing(PingError):
    text = "the source holds no link to the target"


class TargetUnusable(PingError):
    text = "the target is not a post of this site"


class TargetMissing(PingError):
    text = "the target does not exist"


class PingsClosed(PingError):
    text = "the target takes no pings"


class PingToItself(PingError):
    text = "the source and the target are the same post"


class SourceBlocked(PingError):
    text = "pings from this source are not taken"


class TooManyPings(PingError):
    """The sender is beyond its rate; `seconds` tells when there is room again."""

    text = "too many pings came from your address; try again later"

    def __init__(self, seconds: int = 60) -> None:
        super().__init__()
        self.seconds = seconds


class AlreadyKnown(PingError):
    text = "the ping has been registered before"


class TooMuchWaiting(PingError):
    text = "too many pings are waiting; try again later"


class Unavailable(PingError):
    """The server is stopping, or its database does not answer."""

    text = "the server cannot take pings just now; try again later"


# --- the hub ---


class SubscriptionError(FeedserverError):
    """A request for a subscription is refused. `wait`: seconds after which it may be repeated, 0 if it may not."""

    def __init__(self, text: str, wait: int = 0) -> None:
        super().__init__(text)
        self.wait = wait


class SubscriptionUnusable(SubscriptionError):
    """A field of the request cannot be used."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")


class TooManyOfOneSite(SubscriptionError):
    def __init__(self) -> None:
        super().__init__("hub.callback: its host has too many subscriptions")


class Unconfirmed(SubscriptionError):
    def __init__(self, wait: int) -> None:
        super().__init__("hub.callback: it or its host has not confirmed earlier requests yet; try again later", wait)


class TooManyRequests(SubscriptionError):
    def __init__(self, wait: int) -> None:
        super().__init__("too many requests from here; try again later", wait)


class HubFull(SubscriptionError):
    def __init__(self, wait: int) -> None:
        super().__init__("this hub has as many subscriptions as it takes; try again later", wait)


class SubscriptionNotFound(FeedserverError):
    def __init__(self, subscription_id: int) -> None:
        super().__init__(f"no subscription has the id {subscription_id}; `feedserver hub list` shows them all")


# --- accounts ---


class AccountError(FeedserverError):
    """An account cannot be made, found or used."""


class AccountNotFound(AccountError):
    def __init__(self, name: str) -> None:
        super().__init__(f"no account is called “{name}”; `feedserver account list` shows them all")
        self.name = name


class AccountNotSaid(AccountError):
    """It is not said whose app it is to be."""

    def __init__(self, *, is_any: bool) -> None:
        super().__init__(
            "there are several accounts; say whose app it is with --account NAME"
            if is_any
            else "there is no account yet; `feedserver account add NAME` makes one"
        )


class AccountTaken(AccountError):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is an account “{name}” already; `feedserver account link {name}` lets its person in")
        self.name = name


class NameUnusable(AccountError):
    """An account or an app cannot have the name."""


class PasswordRefused(AccountError):
    """A new password is too short or too long."""


class WrongSignIn(AccountError):
    """Name, password or code are not right: it is not told which."""

    def __init__(self) -> None:
        super().__init__("the name, the password or the code is not right")


class WrongCode(AccountError):
    """A code of the second factor is not right, or was used before."""

    def __init__(self) -> None:
        super().__init__("the code is not right, or was used before")


class LinkEnded(AccountError):
    """A sign-in link was used, is older than an hour, was replaced by a newer one, or never was."""

    def __init__(self) -> None:
        super().__init__("this link was used, or it is too old; `feedserver account link NAME` makes a new one")


class WrongToken(AccountError):
    """No app has the token."""

    def __init__(self) -> None:
        super().__init__("this is no token of an app; `feedserver app add NAME` makes one")


class AppNotFound(AccountError):
    def __init__(self, name: str) -> None:
        super().__init__(f"no app is called “{name}”; `feedserver app list` shows them all")
        self.name = name


class AppTaken(AccountError):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is an app “{name}” already; choose another name, or `feedserver app remove {name}`")
        self.name = name


class TryLater(AccountError):
    """Nothing was looked at; `seconds` tell when it may be tried again."""

    def __init__(self, text: str, seconds: int) -> None:
        super().__init__(text)
        self.seconds = seconds


class TooManyWrong(TryLater):
    def __init__(self, seconds: int) -> None:
        super().__init__("too many tries were wrong; try again later", seconds)


class TooManyAtOnce(TryLater):
    def __init__(self) -> None:
        super().__init__("too many passwords are being checked just now; try again in a moment", 5)


# --- notices ---


class NoticeError(FeedserverError):
    """The owner cannot be told of something, or cannot decide on it by an address in a mail."""


class MailFailed(NoticeError):
    """The mail server has not taken a mail. `is_unsure`: it may have, as the answer to the whole mail was lost."""

    def __init__(self, reason: str, *, is_unsure: bool = False) -> None:
        super().__init__(reason)
        self.is_unsure = is_unsure


class LinkUnknown(NoticeError):
    def __init__(self) -> None:
        super().__init__("there is no such address in a mail of this site, or not any more")


class LinkExpired(NoticeError):
    def __init__(self) -> None:
        super().__init__("this address was good for some days, which are over; the desk has all that waits")


class LinkOvertaken(NoticeError):
    """An address in a mail was used, or somebody has decided otherwise. `happened`: a line for people."""

    def __init__(self, happened: str) -> None:
        super().__init__(happened)
        self.happened = happened


# --- fetching ---


class FetchError(FeedserverError):
    """A server that a stranger named was not asked, or did not answer well. Its text is for the stranger.

    The text calls the server `peer`, which `net.exchange` sets to what it was asked as: “the source”, “the endpoint” …
    """

    peer = "the source"
    outcome = "failed"  # a word for /metrics

    def __str__(self) -> str:
        return super().__str__().replace("{peer}", self.peer)


class AddressForbidden(FetchError):
    """The address is neither public nor allowed. Has the text of HostUnknown, so that nobody can probe networks.

    `why` is for the owner of this site alone; empty where the text says it.
    """

    outcome = "forbidden"

    def __init__(self, text: str, why: str = "") -> None:
        super().__init__(text)
        self.why = why

    def for_owner(self) -> str:
        """The text for the owner, who may change the settings."""
        return f"{self.peer} is not contacted: {self.why}" if self.why else str(self)


class HostUnknown(FetchError):
    """The name does not resolve."""

    outcome = "unknown_host"


class TimedOut(FetchError):
    """The deadline of the whole fetch has passed."""

    outcome = "timeout"


class ConnectionFailed(FetchError):
    """The connection was refused or reset, TLS failed, or the response is broken."""

    outcome = "connection"


class RedirectRefused(FetchError):
    """More than five redirects, a loop, or one to a URL that is never contacted: another scheme, userinfo."""

    outcome = "redirect"


class BudgetSpent(FetchError):
    """A redirect leads to a host whose fetch limit is reached."""

    outcome = "put_off"


class BadStatus(FetchError):
    """The final status is neither 200 nor 304 to a conditional request."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{{peer}} answered {status}")
        self.status = status


class NotText(FetchError):
    """The content type or coding cannot hold links."""
