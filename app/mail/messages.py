"""The emails that the blog sends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    # Text must not be escaped: readers would see O&#39;Brien.
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Message:
    """An email that is ready to be sent, as text and as HTML."""

    recipient: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class MessageWriter:
    """Writes emails in the name of the site, with links to its frontend.

    People are greeted by username: the address may be someone else's, and a display name could contain any text.
    """

    site_name: str
    frontend_url: str

    def verification(self, recipient: str, username: str, token: str, hours: int) -> Message:
        """Asks the recipient to confirm the address."""
        subject = f"Confirm your email address for {self.site_name}"
        return self._write(
            "verification", recipient, subject, username=username, hours=hours, link=self._link("verify", token)
        )

    def password_reset(self, recipient: str, username: str, token: str, hours: int) -> Message:
        """Contains the link to choose a new password."""
        subject = f"Choose a new password for {self.site_name}"
        link = self.password_link(token)
        return self._write("password_reset", recipient, subject, username=username, hours=hours, link=link)

    def password_link(self, token: str) -> str:
        """The page where a new password is chosen."""
        return self._link("reset-password", token)

    def registration_attempt(self, owner: str, username: str) -> Message:
        """Tells the owner of an address that someone, perhaps they, used it to register another account."""
        subject = f"Someone tried to register with your email address ({self.site_name})"
        link = f"{self.frontend_url}/forgot-password"
        return self._write("registration_attempt", owner, subject, username=username, link=link)

    def invitation(self, recipient: str, inviter: str, token: str, days: int) -> Message:
        """Contains the link to create an account."""
        link = f"{self.frontend_url}/register?invitation={quote(token)}"
        return self._write(
            "invitation", recipient, f"Invitation to {self.site_name}", inviter=inviter, days=days, link=link
        )

    def undo_link(self, token: str) -> str:
        """The page where an email change is undone."""
        return self._link("undo-email-change", token)

    def test(self, recipient: str) -> Message:
        """Tells an operator that mails arrive."""
        return self._write("test", recipient, f"Test email from {self.site_name}")

    def notice(
        self,
        template: str,
        recipient: str,
        username: str,
        subject: str,
        told: Sequence[object],
        values: Mapping[str, object],
    ) -> Message:
        """Tells the owner what happened. Templates find all of it in `told`, and `values` under their own names."""
        shown = {"link": f"{self.frontend_url}/forgot-password", **values, "username": username, "told": told}
        return self._write(template, recipient, f"{subject} ({self.site_name})", **shown)

    def _link(self, page: str, token: str) -> str:
        return f"{self.frontend_url}/{page}?token={quote(token)}"

    def _write(self, template: str, recipient: str, subject: str, **values: object) -> Message:
        text, html = (
            _TEMPLATES.get_template(f"{template}.{kind}").render(site_name=self.site_name, subject=subject, **values)
            for kind in ("txt", "html")
        )
        return Message(recipient, subject, text, html)
