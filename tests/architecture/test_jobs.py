"""Whoever declares a kind of jobs says who handles it."""

import ast
import importlib
import pkgutil

import app
import app.hooks
from app.queue.kinds import Kind, registrations
from tests.architecture.test_rules import sources


def test_every_kind_of_jobs_has_a_handler() -> None:
    declared = {
        value.name: value
        for module in pkgutil.walk_packages(app.__path__, "app.")
        for value in vars(importlib.import_module(module.name)).values()
        if isinstance(value, Kind)
    }

    assert "mail" in declared
    forgotten = {name for name, kind in declared.items() if name not in registrations()}
    assert not forgotten, f"jobs of these kinds would never be done; register a handler in hooks.py: {forgotten}"
    assert all(registrations()[name].kind is kind for name, kind in declared.items())


def test_kinds_are_declared_where_the_test_above_finds_them() -> None:
    """At the top of a module: one that is made on the way could be enqueued and never registered."""
    hidden = {
        f"{path}:{node.lineno}"
        for path, source in sources()
        if path != "app/queue/kinds.py"
        for node in _calls_of_kind(ast.parse(source))
        if node not in _assigned_at_the_top(ast.parse(source), node)
    }

    assert hidden == set()


def _calls_of_kind(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Kind"]


def _assigned_at_the_top(tree: ast.Module, call: ast.Call) -> list[ast.Call]:
    lines = {node.value.lineno for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value}
    return [call] if call.lineno in lines else []


def test_what_is_in_the_database_keeps_its_name() -> None:
    """The names are an interface: jobs that wait while the software is replaced are of the kind they were enqueued as.

    A chore under a new name is done at once, whenever it was done last, and its old row stays.
    """
    assert set(registrations()) == {
        "clear_challenges",
        "clear_email_changes",
        "clear_idempotency_keys",
        "clear_invalidations",
        "clear_invitations",
        "clear_sessions",
        "clear_unconfirmed",
        "delete_due_accounts",
        "mail",
        "mail_request",
        "notices",
        "thin_out_revisions",
        "publications",
    }
