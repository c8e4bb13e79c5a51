"""Why a mail did not leave: its server is to blame, or the mail itself is."""


class MailFailure(Exception):
    """A mail did not leave."""


class ServerUnreachable(MailFailure):
    """The mail server does not answer, or takes no mails at all at the moment."""


class Refused(MailFailure):
    """The mail server does not take this mail; `is_final` if it never will."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final
