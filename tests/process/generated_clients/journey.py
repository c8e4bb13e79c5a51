"""What an author does with the blog, by the client that was generated: `journey.py URL FOLDER_OF_MAILS`."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from blog_client import AuthenticatedClient, Client
from blog_client.api.articles import create_article, list_articles, publish_article, read_article
from blog_client.api.auth import log_in, register, verify_email
from blog_client.api.authors import list_authors
from blog_client.api.comments import create_comment, list_comments
from blog_client.api.personal_data import export_my_data
from blog_client.models import (
    Accepted,
    ArticleInput,
    ArticleOut,
    ArticlePage,
    ArticleStatus,
    AuthorPage,
    CommentInput,
    CommentOut,
    CommentPage,
    LoginForm,
    Problem,
    RegisterInput,
    TokensOut,
    UserOut,
    VerifyInput,
)
from blog_client.types import File

PASSWORD = "seven patient otters"
T = TypeVar("T")


@contextmanager
def step(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the client's failure
        sys.exit(f"The client could not {what}: {type(error).__name__}: {error}")


def got(kind: type[T], answer: object) -> T:
    if isinstance(answer, Problem):
        raise TypeError(f"{answer.status} {answer.code}: {answer.detail}")
    if not isinstance(answer, kind):
        raise TypeError(f"expected {kind.__name__}, got {answer!r}")
    return answer


def check(condition: object, what: str) -> None:
    if not condition:
        raise ValueError(what)


def mailed_token(mails: Path) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for mail in mails.glob("*.eml"):
            if found := re.search(r"\?token=(\S+)", mail.read_text(encoding="utf-8")):
                return found[1]
        time.sleep(0.1)
    raise TimeoutError("no mail with a link")


def account(site: str, mails: Path) -> AuthenticatedClient:
    """A client that is logged in to a new account."""
    anonymous = Client(base_url=site, raise_on_unexpected_status=True)
    with step("register"):
        data = RegisterInput(email="maria@example.com", username="maria", password=PASSWORD)
        got(Accepted, register.sync(client=anonymous, body=data))
    with step("confirm the email address"):
        user = got(UserOut, verify_email.sync(client=anonymous, body=VerifyInput(mailed_token(mails))))
        check(user.is_verified, "the account is not verified")
    with step("tell a wrong password from others"):
        refused = log_in.sync(client=anonymous, body=LoginForm(username="maria", password="wrong"))
        check(isinstance(refused, Problem) and refused.code == "invalid_credentials", repr(refused))
    with step("log in"):
        tokens = got(TokensOut, log_in.sync(client=anonymous, body=LoginForm(username="maria", password=PASSWORD)))
    return AuthenticatedClient(base_url=site, token=tokens.access_token, raise_on_unexpected_status=True)


def journey(site: str, mails: Path) -> None:
    maria = account(site, mails)
    with step("write an article"):
        draft = got(ArticleOut, create_article.sync(client=maria, body=ArticleInput(title="Tides", tags=["Sea"])))
        check(draft.status is ArticleStatus.DRAFT, "it is no draft")
    with step("publish the article"):
        published = got(ArticleOut, publish_article.sync(draft.slug, client=maria))
        check(published.published_at is not None, "it has no date")
    with step("comment on the article"):
        comment = got(CommentOut, create_comment.sync("tides", client=maria, body=CommentInput("Ebb and *flow*.")))
    with step("reply to the comment"):
        reply = CommentInput("And ebb.", parent_id=comment.id)
        check(got(CommentOut, create_comment.sync("tides", client=maria, body=reply)).depth == 1, "it is no reply")
    with step("read the article back"):
        check(got(ArticleOut, read_article.sync("tides", client=maria)).tags[0].slug == "sea", "its tag is missing")
    with step("list the articles"):
        page = got(ArticlePage, list_articles.sync(client=maria, tag=["sea"], limit=1))
        check([article.comment_count for article in page.items] == [2], repr(page))
    with step("list the comments"):
        comments = got(CommentPage, list_comments.sync("tides", client=maria)).items
        check(comments[0].body_html == "<p>Ebb and <em>flow</em>.</p>", repr(comments[0].body_html))
    with step("list the authors without an account"):
        authors = got(AuthorPage, list_authors.sync(client=Client(base_url=site)))
        check([author.username for author in authors.items] == ["maria"], repr(authors))
    with step("download the personal data"):
        export = got(File, export_my_data.sync(client=maria))
        check(export.payload.read(2) == b"PK", "it is no ZIP file")


if __name__ == "__main__":
    journey(sys.argv[1], Path(sys.argv[2]))
