"""The emails that the blog sends."""

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

    def invitation(self, recipient: str, inviter: str, token: str, days: int) -> Message:
        """Contains the link to create an account."""
        link = f"{self.frontend_url}/register?invitation={quote(token)}"
        return self._write(
            "invitation", recipient, f"Invitation to {self.site_name}", inviter=inviter, days=days, link=link
        )

    def email_change(self, recipient: str, username: str, new_email: str, token: str, days: int) -> Message:
        """Tells the old address that a new one was requested or confirmed, and how to keep the old one."""
        subject = f"New email address for your account at {self.site_name}"
        link = self._link("undo-email-change", token)
        values = {"username": username, "new_email": new_email, "days": days, "link": link}
        return self._write("email_change", recipient, subject, **values)

    def test(self, recipient: str) -> Message:
        """Tells an operator that mails arrive."""
        return self._write("test", recipient, f"Test email from {self.site_name}")

    def notice(self, template: str, recipient: str, username: str, subject: str, **values: object) -> Message:
        """Tells the owner what happened; `template` is one of the notice templates."""
        link = f"{self.frontend_url}/forgot-password"
        return self._write(template, recipient, f"{subject} ({self.site_name})", username=username, link=link, **values)

    def _link(self, page: str, token: str) -> str:
        return f"{self.frontend_url}/{page}?token={quote(token)}"

    def _write(self, template: str, recipient: str, subject: str, **values: object) -> Message:
        text, html = (
            _TEMPLATES.get_template(f"{template}.{kind}").render(site_name=self.site_name, subject=subject, **values)
            for kind in ("txt", "html")
        )
        return Message(recipient, subject, text, html)
