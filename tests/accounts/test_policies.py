"""Who may do what, as pure functions."""

from collections.abc import Callable
from typing import Any

import pytest

from app.accounts.errors import EmailNotVerified, InsufficientScope, SecondFactorMissing
from app.accounts.models import User
from app.accounts.policies.actors import Actor, Principal, is_editor, require_account, require_role, require_verified
from app.comments.models import Comment
from app.comments.policies import require_comment_deletion, require_comment_editing
from app.content.models import Article
from app.content.policies import require_article_editing
from app.core.errors import AppError, Forbidden, Unauthenticated
from app.core.roles import Role
from app.core.scopes import Scope

OWNER, OTHER = 1, 2


def somebody(role: Role, number: int = OTHER, *, verified: bool = True, **attributes: Any) -> Principal:
    return Principal(User(id=number, role=role, is_verified=verified), **attributes)


def refusal(policy: Callable[[], object]) -> type[AppError] | None:
    try:
        policy()
    except AppError as error:
        return type(error)
    return None


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("other", Role)
def test_each_role_includes_those_before_it(role: Role, other: Role) -> None:
    ranks = {Role.READER: 0, Role.AUTHOR: 1, Role.EDITOR: 2, Role.ADMIN: 3}

    assert role.includes(other) == (ranks[role] >= ranks[other])
    assert (refusal(lambda: require_role(somebody(role), other)) is None) == (ranks[role] >= ranks[other])


def test_an_anonymous_client_has_to_log_in_whatever_is_asked_of_him() -> None:
    article, comment = Article(author_id=OWNER), Comment(author_id=OWNER)
    policies: list[Callable[[], object]] = [
        lambda: require_account(None),
        lambda: require_verified(None),
        lambda: require_role(None, Role.READER),
        lambda: require_article_editing(None, article),
        lambda: require_comment_editing(None, comment),
        lambda: require_comment_deletion(None, comment, article),
    ]

    assert [refusal(policy) for policy in policies] == [Unauthenticated] * len(policies)


@pytest.mark.parametrize("role", Role)
def test_whoever_has_not_verified_the_address_may_look_but_not_write(role: Role) -> None:
    actor = somebody(role, OWNER, verified=False)
    article, comment = Article(author_id=OWNER), Comment(author_id=OWNER)
    policies: list[Callable[[], object]] = [
        lambda: require_verified(actor),
        lambda: require_role(actor, Role.READER),
        lambda: require_article_editing(actor, article),
        lambda: require_comment_editing(actor, comment),
        lambda: require_comment_deletion(actor, comment, article),
    ]

    assert require_account(actor) is actor
    assert [refusal(policy) for policy in policies] == [EmailNotVerified] * len(policies)


@pytest.mark.parametrize(
    ("role", "number", "expected"),
    [
        (Role.READER, OWNER, Forbidden),
        (Role.READER, OTHER, Forbidden),
        (Role.AUTHOR, OWNER, None),
        (Role.AUTHOR, OTHER, Forbidden),
        (Role.EDITOR, OTHER, None),
        (Role.ADMIN, OTHER, None),
    ],
)
def test_authors_edit_their_own_articles_and_editors_all(
    role: Role, number: int, expected: type[AppError] | None
) -> None:
    assert refusal(lambda: require_article_editing(somebody(role, number), Article(author_id=OWNER))) is expected


@pytest.mark.parametrize("role", Role)
def test_only_its_writer_edits_a_comment(role: Role) -> None:
    comment = Comment(author_id=OWNER)

    assert refusal(lambda: require_comment_editing(somebody(role, OWNER), comment)) is None
    assert refusal(lambda: require_comment_editing(somebody(role, OTHER), comment)) is Forbidden


@pytest.mark.parametrize(
    ("role", "wrote_comment", "wrote_article", "expected"),
    [
        (Role.READER, True, False, None),
        (Role.READER, False, False, Forbidden),
        (Role.READER, False, True, Forbidden),
        (Role.AUTHOR, False, False, Forbidden),
        (Role.AUTHOR, False, True, None),
        (Role.EDITOR, False, False, None),
        (Role.ADMIN, False, False, None),
    ],
)
def test_a_comment_is_deleted_by_its_writer_the_articles_author_and_editors(
    role: Role, wrote_comment: bool, wrote_article: bool, expected: type[AppError] | None
) -> None:
    comment = Comment(author_id=OTHER if wrote_comment else OWNER)
    article = Article(author_id=OTHER if wrote_article else OWNER)

    assert refusal(lambda: require_comment_deletion(somebody(role), comment, article)) is expected


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (None, False),
        (somebody(Role.READER), False),
        (somebody(Role.AUTHOR), False),
        (somebody(Role.EDITOR), True),
        (somebody(Role.ADMIN), True),
        (somebody(Role.ADMIN, scopes=frozenset({Scope.READ, Scope.WRITE})), False),
        (somebody(Role.AUTHOR, scopes=frozenset({Scope.MODERATE})), False),
        (somebody(Role.ADMIN, lacks_second_factor=True), False),
    ],
)
def test_editors_and_admins_edit(actor: Actor, expected: bool) -> None:
    assert is_editor(actor) is expected


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (Role.READER, Scope.COMMENT),
        (Role.AUTHOR, Scope.WRITE),
        (Role.EDITOR, Scope.MODERATE),
        (Role.ADMIN, Scope.ADMIN),
    ],
)
def test_what_is_done_in_a_role_needs_its_scope(role: Role, scope: Scope) -> None:
    others = frozenset(Scope) - {scope}

    assert refusal(lambda: require_role(somebody(Role.ADMIN, scopes=frozenset({scope})), role)) is None
    assert refusal(lambda: require_role(somebody(Role.ADMIN, scopes=others), role)) is InsufficientScope


def test_a_scope_gives_nobody_a_role() -> None:
    assert refusal(lambda: require_role(somebody(Role.READER), Role.ADMIN)) is Forbidden


@pytest.mark.parametrize("role", Role)
def test_whoever_lacks_a_second_factor_that_is_required_may_not_write(role: Role) -> None:
    actor = somebody(role, lacks_second_factor=True)

    assert refusal(lambda: require_role(actor, role)) is SecondFactorMissing
    assert refusal(lambda: require_verified(actor)) is SecondFactorMissing
    assert refusal(lambda: require_account(actor)) is None
