"""What receipts and refusals say, as messages that pages translate. Pure.

They are stored and sent in English, which programs read too. Pages find here which message such a line is.
"""

import re
from collections.abc import Iterable
from typing import Final

from feedserver.languages.messages import Message

_PLACE: Final = re.compile(r"%\((\w+)\)s")

_SENTENCES: Final = (
    # states, and what happens to a ping
    Message("received"),
    Message("shown"),
    Message("held"),
    Message("rejected"),
    Message("gone"),
    Message("spam"),
    Message("deleted"),
    Message("fetched"),
    Message("found"),
    Message("decided"),
    Message("erased"),
    # reasons (lifecycle, moderation)
    Message("waits for approval"),
    Message("verified"),
    Message("approved"),
    Message("imported"),
    Message("the link is back"),
    Message("it is a post of this site"),
    Message("its host is trusted"),
    Message("its host was approved before"),
    Message("our own posts link to its host"),
    Message("the changed content waits for approval"),
    Message("no link"),
    Message("not a text"),
    Message("no link before the size limit"),
    Message("source missing"),
    Message("no answer"),
    Message("erased: its words, names and addresses are gone"),
    # what a source answered (verification)
    Message("status 304, it has not changed"),
    Message("it redirects to this site"),
    Message("its address is too long"),
    Message("no post of this site"),
    Message("read as a post of this site"),
    Message("the source was read shortly before"),
    Message("a link to the post"),
    Message("something that is not HTML, so that it holds no links"),
    Message("no link to the post"),
    Message("no link to the post in the part that was read"),
    Message("no such page"),
    Message("no answer, after several tries over two days"),
    # why it could not be fetched (net)
    Message("the fetch limit of this host is reached"),
    Message("the source has a content coding that cannot be read"),
    Message("the source’s host cannot be found"),
    Message("the source’s host cannot be looked up now"),
    Message("the source redirects to an invalid URL"),
    Message("the source redirects to a URL that is not followed"),
    Message("the source redirects to a URL that is not http or https"),
    Message("the source redirects in a circle"),
    Message("the source redirects to several URLs"),
    Message("the source redirects, and does not say where"),
    Message("the source’s answer takes too much work to read"),
    Message("the source’s certificate is not valid"),
    Message("the source’s answer is broken"),
    Message("the source’s answer is too long"),
    Message("the connection to the source failed"),
    Message("the source is not an HTML page"),
    # why it was refused (errors, webmention, request_body)
    Message("the ping could not be taken"),
    Message("the source is not an absolute http or https URL"),
    Message("the source does not exist or cannot be fetched"),
    Message("the source holds no link to the target"),
    Message("the target is not a post of this site"),
    Message("the target does not exist"),
    Message("the target takes no pings"),
    Message("the source and the target are the same post"),
    Message("pings from this source are not taken"),
    Message("too many pings came from your address; try again later"),
    Message("the ping has been registered before"),
    Message("too many pings are waiting; try again later"),
    Message("the server cannot take pings just now; try again later"),
    Message("the server failed; try again later"),
    Message("the webmention was accepted, and will be verified"),
    Message("the webmention was verified, and is shown with the post"),
    Message("the webmention was verified, and waits for the author’s approval"),
    Message("the webmention is known, and shown with the post; its source will be looked at again"),
    Message("the webmention is known, and waits for the author’s approval; its source will be looked at again"),
    Message("the webmention is known, and not shown"),
    Message("the request body must not be compressed"),
)
# With places, the first that fits. What stands at `line` is such a line again.
_PATTERNS: Final = (
    Message("%(line)s (attempt %(count)s)"),
    Message("%(line)s (%(count)s times, this was the last)"),
    Message("%(line)s; the rest did not come"),
    Message("%(line)s; only the first %(count)s bytes were read"),
    Message("status %(status)s, %(count)s bytes"),
    Message("not fetched: %(line)s"),
    Message("the source did not answer within %(count)s seconds"),
    Message("the source answered %(status)s"),
    Message("the source redirects more than %(count)s times"),
    Message("a %(protocol)s for this post"),
    Message("a further %(protocol)s; it is verified again"),
    Message("also by %(protocol)s"),
    Message("the field “%(field)s” is there %(count)s times; send it once"),
    Message("the field “%(field)s” is missing or empty"),
    Message("the field “%(field)s” is not UTF-8"),
    Message("the request body must be of the type %(type)s"),
    Message("the request body must not be over %(count)s bytes"),
    Message("%(state)s: %(line)s"),
)


def message_of(line: str) -> Message | None:
    """The message that a line of a receipt or refusal is; None for one that is none of ours."""
    if line in _BY_TEXT:
        return _BY_TEXT[line]
    for pattern, message in _BY_PATTERN:
        if found := pattern.fullmatch(line):
            return Message(message.text, {name: _value(name, said) for name, said in found.groupdict().items()})
    return None


def _value(name: str, said: str) -> object:
    return (message_of(said) if name in ("line", "state") else None) or said


def _compiled(messages: Iterable[Message]) -> Iterable[tuple[re.Pattern[str], Message]]:
    for message in messages:
        literal_or_name = _PLACE.split(message.text)
        pattern = (f"(?P<{part}>.+)" if index % 2 else re.escape(part) for index, part in enumerate(literal_or_name))
        yield re.compile("".join(pattern), re.DOTALL), message


_BY_TEXT: Final = {message.text: message for message in _SENTENCES}
_BY_PATTERN: Final = tuple(_compiled(_PATTERNS))
