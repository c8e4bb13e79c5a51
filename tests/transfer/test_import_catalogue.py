"""What is to be done with a post."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.content.schemas.articles import ArticleInput
from app.transfer.importing.catalogue import Action, Catalogue, Imported
from app.transfer.importing.fields import Author
from app.transfer.importing.files import SourceFile
from app.transfer.importing.posts import Post

DAY = datetime(2020, 2, 29, tzinfo=UTC)


def post(slug: str = "hello", title: str = "Hello", at: datetime | None = DAY) -> Post:
    return Post(ArticleInput(title=title, slug=slug), at, Author("Ann"), None)


def file(name: str = "a.md", folder: str = "/me/blog/_posts") -> SourceFile:
    return SourceFile(Path(folder, name))


def article(known: Post, source: str = "blog/_posts/a.md", **changes: Any) -> Imported:
    values = Imported(
        1, known.slug, source, known.digest, imported_at=DAY, updated_at=DAY, deleted_at=None, has_draft=False
    )
    return replace(values, **changes)


def catalogue(*articles: Imported) -> Catalogue:
    return Catalogue(articles, [known.slug for known in articles])


def test_a_new_post_is_created_under_its_slug() -> None:
    decision = catalogue().decide(file(), post())
    assert (decision.action, decision.slug, decision.source) == (Action.CREATED, "hello", "blog/_posts/a.md")


def test_later_posts_of_the_same_slug_get_their_date_and_then_a_number() -> None:
    chosen = catalogue()
    posts = [post(title=str(number)) for number in range(3)] + [post(title=str(number), at=None) for number in range(2)]
    slugs = [chosen.decide(file(f"{number}.md"), each).slug for number, each in enumerate(posts)]
    assert slugs == ["hello", "hello-2020-02-29", "hello-2020-02-29-2", "hello-2", "hello-3"]


def test_slugs_stay_short_enough() -> None:
    chosen = catalogue()
    slugs = [chosen.decide(file(f"{n}.md"), post("x" * 119 + "y", str(n))).slug for n in range(3)]
    assert [len(slug) for slug in slugs] == [120, 120, 120]
    assert slugs[2].endswith("xx-2020-02-29-2")


def test_a_known_post_is_unchanged_or_updated() -> None:
    known = article(post())
    assert catalogue(known).decide(file(), post()).action is Action.UNCHANGED
    update = catalogue(known).decide(file(), post(title="Other"))
    assert (update.action, update.slug, update.article) == (Action.UPDATED, "hello", known)


def test_an_update_keeps_the_dated_slug_it_has_and_follows_a_new_one() -> None:
    known = article(post(), slug="hello-2020-02-29")
    assert catalogue(known).decide(file(), post(title="Other")).slug == "hello-2020-02-29"
    assert catalogue(known).decide(file(), post("bye")).slug == "bye"


def test_what_was_edited_in_the_blog_is_left_alone() -> None:
    edited = article(post(), updated_at=datetime(2021, 1, 1, tzinfo=UTC))
    assert catalogue(edited).decide(file(), post()).action is Action.UNCHANGED
    decision = catalogue(edited).decide(file(), post(title="Other"))
    assert decision.action is Action.SKIPPED
    assert "edited in the blog" in decision.reason


def test_what_was_deleted_in_the_blog_stays_deleted() -> None:
    deleted = article(post(), deleted_at=DAY)
    for title in ("Hello", "Other"):
        decision = catalogue(deleted).decide(file(), post(title=title))
        assert decision.action is Action.SKIPPED
        assert "deleted" in decision.reason


def test_a_file_that_was_moved_is_known_by_what_is_in_it() -> None:
    decision = catalogue(article(post())).decide(file("b.md", "/other/place"), post())
    assert (decision.action, decision.source) == (Action.UNCHANGED, "other/place/b.md")


def test_the_same_post_twice_is_one_article_however_often_it_is_imported() -> None:
    for chosen in (catalogue(), catalogue(article(post()))):
        first, second = chosen.decide(file("a.md"), post()), chosen.decide(file("b.md"), post())
        assert first.source == "blog/_posts/a.md"
        assert (second.action, second.reason) == (Action.SKIPPED, "it is the same post as a.md")


def test_two_blogs_that_are_known_alike_get_longer_names() -> None:
    chosen = catalogue()
    files = [file(folder="/one/blog/_posts"), file(folder="/two/blog/_posts")]
    sources = [chosen.decide(each, post(title=str(each))).source for each in files]
    assert sources == ["blog/_posts/a.md", "two/blog/_posts/a.md"]

    stored = [
        article(post(title=str(each)), source, id=n)
        for n, (each, source) in enumerate(zip(files, sources, strict=True))
    ]
    for order in (files, files[::-1]):
        again = catalogue(*stored)
        assert {again.decide(each, post(title=str(each))).action for each in order} == {Action.UNCHANGED}


def test_an_author_is_new_once() -> None:
    chosen = catalogue()
    authors = [Author("Ann", "ann@example.com"), Author("Anna", "ann@example.com"), Author("Cid"), Author("CID")]
    assert [chosen.is_new(author) for author in authors] == [True, False, True, False]
