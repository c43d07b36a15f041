"""What a look found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `detail` says how it is; `advice`, where it is wrong, what to do or to change."""

    name: str
    detail: str
    advice: str | None = None

    @property
    def is_wrong(self) -> bool:
        return self.advice is not None

    def __str__(self) -> str:
        state = "wrong" if self.is_wrong else "ok"
        return f"{state:<6}{self.name:<13} {self.detail}" + (f": {self.advice}" if self.advice else "")
