"""What can go wrong with a job, other than the job itself."""

from orch_app.kit.errors import Conflict


class LostClaimError(Exception):
    """Another worker holds the job now: whoever gets this must stop and write nothing more about it."""


class CanceledInTimeError(Exception):
    """Somebody cancelled the job before its play began: nothing has happened, and nothing may."""


class JobIsOver(Conflict):
    """The job has ended already."""


class PreparationError(Exception):
    """The job cannot be started as it was asked for; the message is for the one who asked."""
