"""Expectations about responses."""

from typing import Any

import httpx

PROBLEM = "application/problem+json"


def problem_in(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem in a response, which must have this status and code."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == PROBLEM
    problem: dict[str, Any] = response.json()
    assert problem["code"] == code, problem
    assert problem["status"] == status
    return problem


def fields_of(problem: dict[str, Any]) -> list[str]:
    """The fields of the input that the problem is about."""
    return [error["field"] for error in problem["errors"]]
