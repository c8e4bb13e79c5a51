"""What is expected of answers."""

from typing import Any

import httpx

PROBLEM = "application/problem+json"


def problem_in(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that a request was answered with, which is of this status and code."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == PROBLEM
    problem: dict[str, Any] = response.json()
    assert problem["code"] == code, problem
    assert problem["status"] == status
    return problem


def fields_of(problem: dict[str, Any]) -> list[str]:
    """Where in the input the problem lies."""
    return [error["field"] for error in problem["errors"]]
