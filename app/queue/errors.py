"""What can go wrong with jobs: when they are enqueued, handled, or looked after by an operator."""

from app.core.errors import NotFound


class JobNotFound(NotFound):
    code = "job_not_found"
    message = "Job not found. It may already be done."


class UnknownKind(RuntimeError):
    """A job was enqueued that nobody would handle: its kind has not been registered."""


class LeaseLost(Exception):
    """Somebody else has the job by now, or it has been dropped. What was done for it must not be stored."""


class JobFailed(Exception):
    """A handler says why the job failed; its text is stored with the job. The job is tried again later."""


class ServiceUnreachable(JobFailed):
    """The outside service does not answer, or takes nothing at all at the moment: the job is not to blame."""


class JobRefused(JobFailed):
    """The outside service does not accept this job; `is_final` if it never will."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final
