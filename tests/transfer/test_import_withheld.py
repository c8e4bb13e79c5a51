"""What the generators hide becomes a draft, and the report says why."""

from datetime import UTC, datetime

import pytest

from tests.support.posts import post


@pytest.mark.parametrize(
    ("header", "name", "note"),
    [
        ("draft: true", "2020-02-29-x.md", "a draft"),
        ("draft: yes", "2020-02-29-x.md", "a draft"),
        ("published: false", "2020-02-29-x.md", "a draft"),
        ("title: x", "_drafts/2020-02-29-x.md", "a draft"),
        ("draft: 'True'", "2020-02-29-x.md", "a draft"),
        ("draft: y", "2020-02-29-x.md", "a draft"),
        ("draft: perhaps", "2020-02-29-x.md", "a draft"),
        ("draft = true", "2020-02-29-x.md", "a draft"),
        ("is_draft: true", "2020-02-29-x.md", "a draft"),
        ("published: 'False'", "2020-02-29-x.md", "a draft"),
        ("title: x", "x.md", "a draft, because it has no date"),
        ("date: 2026-01-02", "x.md", "a draft, because its date is in the future"),
    ],
)
def test_drafts_keep_their_date(header: str, name: str, note: str) -> None:
    found = post(header, name=name)
    assert found.content.status == "draft"
    assert found.notes == (note,)
    assert (found.published_at is None) == ("no date" in note)


@pytest.mark.parametrize("header", ["draft: false", "published: true", "published: 2020-01-01", "draft:"])
def test_what_does_not_make_it_a_draft(header: str) -> None:
    assert post(header).content.status == "published"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        # Hugo
        ("publishDate: 2026-01-02", "its publishDate is in the future"),
        ("date: 2020-01-01\npublishdate: 2026-01-02", "its publishDate is in the future"),
        ("date: 2020-01-01\npubDate: 2026-01-02 10:00 Europe/Berlin", "its pubDate is in the future"),
        ("date: 2020-01-01\npublished: 2026-01-02", "its published is in the future"),
        ("publishDate: soon", "its publishDate cannot be read"),
        ("expiryDate: 2025-12-31", "it expired on 2025-12-31"),
        ("expiryDate = 2025-12-31T10:00:00Z", "it expired on 2025-12-31"),
        ("unpublishdate: 2025-12-31", "it expired on 2025-12-31"),
        ("expiryDate: soon", "its expiryDate cannot be read"),
        ("headless: true", "headless is set"),
        ("build: {render: never}", "its build option render is never"),
        ("build:\n  render: Link\n  list: never", "its build option render is link"),
        ("_build:\n  list: local", "its build option list is local"),
        ("_build: {render: false}", "its build option render is false"),
        ("[build]\nrender = 'never'", "its build option render is never"),
        ("[params]\nprivate = true", "private is set"),
        # Zola
        ("render = false", "render is false"),
        ("render: link", "its build option render is link"),
        # Jekyll, Hexo, Eleventy, Docusaurus
        ("permalink: false", "permalink is false"),
        ("eleventyExcludeFromCollections: true", "eleventyExcludeFromCollections is set"),
        ("unlisted: perhaps", "unlisted is set"),
        ("unlisted: true\nvisibility: members", "it is both unlisted and for members"),
        ("hidden: 'yes'", "hidden is set"),
        ("password: open sesame", "it is protected by a password"),
        # Pelican, WordPress, Ghost
        ("status: draft", "its status is 'draft'"),
        ("Status: Hidden", "its status is 'hidden'"),
        ("status: skip", "its status is 'skip'"),
        ("status: [private]", "its status is 'private'"),
        ("post_status: pending", "its post_status is 'pending'"),
        ("status: members", "its status is 'members'"),
        ("visibility: paid", "its visibility is 'paid'"),
        ("visibility: private", "its visibility is 'private'"),
        *((f"status: {status}", f"its status is '{status}'") for status in ("future", "trash", "scheduled", "no")),
        ("publish: no", "publish is false"),
    ],
)
def test_what_is_withheld(header: str, reason: str) -> None:
    found = post(header)
    assert (found.content.status, found.notes) == ("draft", (f"a draft, because {reason}",))


def test_a_file_that_begins_with_an_underscore() -> None:
    found = post("date: 2020-01-01", name="_wait.md")
    assert found.notes == ("a draft, because its file name begins with an underscore",)


@pytest.mark.parametrize(
    "header",
    [
        *("draft: ''", "draft: no", "headless: false", "hidden: 'False'", "status: published", "status: Publish"),
        *("status:", "visibility: public", "build: {render: always, list: always}", "build:", "render: true"),
        *("password: ''", "publishDate: 2019-01-01", "expiryDate:", "permalink: /a/", "public: true"),
        *("deleted: false", "published: yes"),
    ],
)
def test_what_does_not_withhold_a_post(header: str) -> None:
    found = post(header)
    assert (found.content.status, found.notes) == ("published", ())


def test_what_is_to_expire_is_published_until_somebody_withdraws_it() -> None:
    found = post("expiryDate: 2026-01-02")
    assert found.content.status == "published"
    assert found.notes == ("to be withdrawn by hand on 2026-01-02, when it expires",)


@pytest.mark.parametrize(
    ("header", "name", "date"),
    [
        ("date: 2019-01-01\npublishDate: 2019-02-02\nlastmod: 2019-03-03", "2018-01-01-x.md", "2019-01-01"),
        ("publishDate: 2019-02-02\npubdate: 2019-03-03", "2018-01-01-x.md", "2019-02-02"),
        ("pubdate: 2019-03-03\npublished: 2019-04-04", "x.md", "2019-03-03"),
        ("published: 2019-04-04\nlastmod: 2019-05-05", "x.md", "2019-04-04"),
        ("published: true\nlastmod: 2019-05-05", "x.md", "2019-05-05"),
        ("date:\npublished_at: 2019-04-04", "x.md", "2019-04-04"),
        ("lastmod: 2019-05-05\nmodified: 2019-06-06", "2018-01-01-x.md", "2018-01-01"),
        ("lastmod: 2019-05-05\nmodified: 2019-06-06", "2018-01-01-x/index.md", "2018-01-01"),
        ("lastmod: 2019-05-05", "2018/01/01/x.md", "2018-01-01"),
        ("lastmod: 2019-05-05\nurl: /2018/01/01/x/", "x.md", "2018-01-01"),
        ("lastmod: 2019-05-05\nmodified: 2019-06-06", "x.md", "2019-05-05"),
        ("lastmod: someday\nmodified: 2019-06-06", "x.md", "2019-06-06"),
        ("date: git Last Modified", "2018-01-01-x.md", "2018-01-01"),
        ("title: x", "2018-01-01.md", "2018-01-01"),
    ],
)
def test_the_date_is_the_first_that_a_generator_would_take(header: str, name: str, date: str) -> None:
    found = post(header, name=name)
    assert found.published_at == datetime.fromisoformat(date).replace(tzinfo=UTC)
    assert found.content.status == "published"


@pytest.mark.parametrize("header", ["created: 2019-04-04", "updated: 2019-04-04", "date: Created", "date: ''"])
def test_what_says_nothing_of_publication_is_no_date(header: str) -> None:
    found = post(header, name="x.md")
    assert (found.published_at, found.notes) == (None, ("a draft, because it has no date",))
