"""Who brings a host or a group: a person, or an import under its name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Brought:
    """`origin` is the import's name, "" for a person; its text is trusted when it came from a trusted edition."""

    origin: str = ""
    is_trusted: bool = False

    def trusts(self, *, before: bool, is_rewritten: bool) -> bool:
        """Whether the variables are trusted text from now on: what a person has rewritten never is."""
        return self.is_trusted if self.origin else before and not is_rewritten


BY_HAND = Brought()
