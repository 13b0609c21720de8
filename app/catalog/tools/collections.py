"""Collections: the folders that prompts and partials are kept in."""

from __future__ import annotations

from typing import Annotated

from app.catalog.inputs import Identifier, Inputs, Paged, Unlisted, optional, required
from app.catalog.rules import SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool

DOMAIN = "collections"


class ListCollections(Paged):
    # Portkey's description requires it; clients have always left it out, so it may be here.
    workspace_id: str | None = optional("Id or slug.")
    search: str | None = optional("In the name.")


class CreateCollection(Inputs):
    name: str = required("Name.")
    workspace_id: str | None = optional("Id or slug.")
    parent_collection_id: str | None = optional("To put it in.")


class OneCollection(Inputs):
    collection_id: Identifier = required("Id or slug.")


class UpdateCollection(OneCollection):
    name: str | None = optional("Name; Portkey may require it.")
    # Not in Portkey's description; clients send it.
    description: Annotated[str | None, Unlisted()] = optional("Purpose.")


TOOLS = (
    Tool(
        name="list_collections",
        domain=DOMAIN,
        summary="List prompt collections (folders) with their ids.",
        risk=Risk.READ,
        scopes=("prompts.list",),
        inputs=ListCollections,
        call=Endpoint("GET", "/collections"),
    ),
    Tool(
        name="create_collection",
        domain=DOMAIN,
        summary="Create a collection (folder) for prompts.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("prompts.create",),
        inputs=CreateCollection,
        call=Endpoint("POST", "/collections"),
        lookup="list_collections",
        form="get_collection",
    ),
    Tool(
        name="get_collection",
        domain=DOMAIN,
        summary="Show one collection (folder) and those inside it.",
        detail="Its prompts: list_prompts.",
        risk=Risk.READ,
        scopes=("prompts.read",),
        inputs=OneCollection,
        call=Endpoint("GET", "/collections/{collection_id}"),
        lookup="list_collections",
    ),
    Tool(
        name="update_collection",
        domain=DOMAIN,
        summary="Rename a collection (folder).",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("prompts.update",),
        inputs=UpdateCollection,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", "/collections/{collection_id}"),
        lookup="list_collections",
        form="get_collection",
    ),
    Tool(
        name="delete_collection",
        domain=DOMAIN,
        summary="Delete a collection (folder) for good.",
        detail="Move its prompts first: update_prompt.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("prompts.delete",),
        inputs=OneCollection,
        call=Endpoint("DELETE", "/collections/{collection_id}"),
        lookup="list_collections",
    ),
)
