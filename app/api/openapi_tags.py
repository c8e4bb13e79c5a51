"""The groups that the OpenAPI document sorts operations into."""

from typing import Self

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts


class Tag(str):
    """For a router's `tags`: a group of operations, and a sentence about them."""

    __slots__ = ("description",)

    description: str

    def __new__(cls, name: str, description: str) -> Self:
        tag = super().__new__(cls, name)
        tag.description = description
        return tag


def tags_of(app: FastAPI) -> list[dict[str, str]]:
    """The tags of the app's routes as the document lists them, in the order of the routes."""
    routes = [route for route in iter_route_contexts(app.routes) if getattr(route, "include_in_schema", False)]
    tags = {tag: None for route in routes for tag in getattr(route, "tags", ()) if isinstance(tag, Tag)}
    return [{"name": str(tag), "description": tag.description} for tag in tags]
