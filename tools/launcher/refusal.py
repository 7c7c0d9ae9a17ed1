"""The two ways in which a command ends early: it cannot be done here, or it was tried and failed."""


class Refusal(Exception):
    """Something is missing or taken; one sentence tells the person what to do. The exit code is 2."""


class Failure(Exception):
    """A step was tried and failed; `detail` is the end of its output. The exit code is 1."""

    def __init__(self, sentence: str, detail: str = "") -> None:
        super().__init__(sentence)
        self.detail = detail
