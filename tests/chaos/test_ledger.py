"""What judges the answers sees what is wrong with them. Nothing is started here, so this runs with all other tests."""

import pytest

from tests.chaos.ledger import Article, Asked, Ledger, Write

EARLY, LATE = Asked(sent=10.05, received=10.06), Asked(sent=10.2, received=10.3)


def written(acknowledged: float | None = 10, sent: float = 9.9) -> Write:
    return Write(sent=sent, acknowledged=acknowledged)


@pytest.fixture
def article() -> Article:
    """Created long ago, and changed at 10."""
    return Article("Some article", is_draft=False, versions=[written(1, sent=1), written()])


def page(article: Article, version: int, comments: int = 0) -> dict[str, object]:
    body = article.body(version)
    return {"body_markdown": body, "body_html": f"<p>{body}</p>", "comment_count": comments}


def test_a_version_may_be_old_for_a_moment(article: Article) -> None:
    assert list(article.objections_to(page(article, 0), EARLY)) == []
    assert list(article.objections_to(page(article, 0), LATE)) == ["some-article: version 0 instead of [1]"]
    assert list(article.objections_to(page(article, 1), LATE)) == []


def test_what_somebody_has_seen_stays(article: Article) -> None:
    article.versions[1] = written(acknowledged=None)
    assert list(article.objections_to(page(article, 0), LATE)) == []
    assert list(article.objections_to(page(article, 1), EARLY)) == []
    assert list(article.objections_to(page(article, 0), LATE)) != []


def test_a_write_without_an_answer_does_not_replace_a_later_one(article: Article) -> None:
    article.versions[1:] = [written(acknowledged=None), written(10)]
    assert list(article.objections_to(page(article, 1), LATE)) == ["some-article: version 1 instead of [2]"]


def test_what_nobody_has_written_is_noticed(article: Article) -> None:
    anonymous = {**page(article, 1), "body_markdown": "Something else"}
    assert len(list(article.objections_to(anonymous, LATE))) == 1
    assert len(list(article.objections_to({**page(article, 1), "body_html": ""}, LATE))) == 1
    assert len(list(article.objections_to(page(article, 1, comments=1), LATE))) == 1


def test_comments_are_counted_one_by_one(article: Article) -> None:
    article.comments = {"one": written(), "two": written(acknowledged=None)}
    assert list(article.objections_to_comments(["one"], LATE)) == []
    assert list(article.objections_to_comments([], EARLY)) == []
    for texts in ([], ["one", "one"], ["one", "three"]):
        assert len(list(article.objections_to_comments(texts, LATE))) == 1


def test_what_is_hidden_must_not_be_shown(article: Article) -> None:
    article.visibility.append((False, written()))
    assert article.may_be_shown(EARLY)
    assert not article.may_be_shown(LATE)
    assert article.may_be_hidden(LATE)
    assert not Article("A draft", is_draft=True, versions=[written()]).may_be_shown(EARLY)


def test_lists_lack_nothing_and_have_nothing_that_is_hidden(article: Article) -> None:
    ledger = Ledger()
    ledger.add(article)
    draft = ledger.add(Article("A draft", is_draft=True, versions=[written(1, sent=1)]))
    assert list(ledger.objections_to_list([{"slug": article.slug}], 20, LATE)) == []
    assert list(ledger.objections_to_list([], 20, LATE)) == ["some-article is missing in a list"]
    assert len(list(ledger.objections_to_list([{"slug": article.slug}, {"slug": draft.slug}], 20, LATE))) == 1
