"""Sentences for people, told by modules that have no page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence in English, which pages show in `site.language`.

    `text` has `%(name)s` for each of `values`, and percent signs twice. It is written out where a message is made, as
    what collects the catalogues' entries looks for it there.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict, hash=False)

    def of(self, **values: object) -> "Message":
        """The same sentence with these values."""
        return Message(self.text, values)

    def __str__(self) -> str:
        """The sentence in English."""
        return self.text % self.values
