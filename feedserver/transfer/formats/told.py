"""What a reader tells of one item of an export, gathered while it is read. Pure."""

from dataclasses import dataclass, field

from feedserver.transfer.items import Remark


@dataclass(slots=True)
class Told:
    """`where` says for people where in the export the item stands."""

    where: str
    remarks: list[Remark] = field(default_factory=list)

    def left_out(self, what: str, why: str) -> None:
        """Something is not taken."""
        self.remarks.append(Remark(treatment="left out", where=self.where, what=what, why=why))

    def changed(self, what: str, why: str) -> None:
        """Something is taken, but not as it was."""
        self.remarks.append(Remark(treatment="changed", where=self.where, what=what, why=why))
