"""Prompts: versioned templates with a model and its parameters, kept in collections.

`PUT /prompts/{id}` makes a new version; `makeDefault` publishes one. With `patch` what is left out stays as
it is in the newest version.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, JsonValue, model_validator

from app.catalog.inputs import (
    At,
    Clearable,
    Encode,
    Folded,
    FreeObject,
    Identifier,
    Implies,
    Inputs,
    Local,
    OpenPart,
    Paged,
    Part,
    Spread,
    Unlisted,
    optional,
    required,
)
from app.catalog.rules import AtLeastOneOf, ExactlyOneOf, NotTogether, SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool, Workflow
from app.catalog.wire import as_flag, json_text
from app.catalog.workflows.prompt_metadata import validate_completion_metadata
from app.catalog.workflows.prompts import (
    get_prompt,
    migrate_prompt,
    preview_create,
    preview_update,
    promote_prompt,
)

DOMAIN = "prompts"


def _scalar(value: JsonValue) -> JsonValue:
    if isinstance(value, str | int | float):
        return value
    raise ValueError("must be text, a number, true or false")


def _as_tool_choice(value: dict[str, JsonValue]) -> JsonValue:
    """Portkey takes `auto`, `none` or the function by name, as OpenAI does."""
    if value["mode"] != "function":
        return value["mode"]
    return {"type": "function", "function": {"name": value["function_name"]}}


Variables = dict[str, Annotated[JsonValue, AfterValidator(_scalar)]]


class Content(OpenPart):
    type: str = required("Such as text.")
    text: str | None = optional("Text of a text part.")


class Message(OpenPart):
    role: Literal["system", "user", "assistant"] = required("Who speaks.")
    content: list[Content] = required("Parts of the message.")


class Function(OpenPart):
    name: str = required("Name.")
    description: str | None = optional("What it does.")
    parameters: FreeObject | None = optional("JSON Schema of its arguments.")


class FunctionTool(OpenPart):
    type: Literal["function"] = required("Kind.")
    function: Function = required("The function.")


class ToolChoice(Part):
    mode: Literal["auto", "none", "function"] = required("Free, never, or one function.")
    function_name: str | None = optional("The one function.")

    @model_validator(mode="after")
    def _names_what_it_wants(self) -> ToolChoice:
        if self.mode == "function" and not self.function_name:
            raise ValueError("mode function needs a function_name")
        if self.mode != "function" and self.function_name:
            raise ValueError(f"function_name cannot be combined with mode {self.mode}")
        return self


class Hyperparameters(OpenPart):
    max_tokens: int | None = optional("Most tokens to write.", ge=1)
    temperature: float | None = optional("Randomness.", ge=0, le=2)
    top_p: float | None = optional("Nucleus sampling.", ge=0, le=1)
    top_k: int | None = optional("Most likely tokens only.", ge=1)
    presence_penalty: float | None = optional("Against repeated topics.", ge=-2, le=2)
    frequency_penalty: float | None = optional("Against repeated words.", ge=-2, le=2)
    stop: list[str] | None = optional("Stop at these.")


class BillingMetadata(OpenPart):
    client_id: str = required("Customer to bill.", min_length=1)
    app: str = required("Application.", min_length=1)
    env: str = required("Such as prod.", min_length=1)
    project_id: str | None = optional("Project.")
    feature: str | None = optional("Feature.")


class OnePrompt(Inputs):
    prompt_id: Identifier = required("Id or slug.")


class OneVersion(OnePrompt):
    version_id: Identifier = required("UUID.")


class ListPrompts(Paged):
    collection_id: str | None = optional("Id or slug.")
    workspace_id: str | None = optional("Id or slug.")
    search: str | None = optional("In the name.")
    page_size: Annotated[int | None, Implies("current_page", 0)] = optional("Items.", ge=1, le=100)


Messages = Annotated[list[Message] | None, At("string"), Encode(json_text), Folded()]
FunctionTools = Annotated[list[FunctionTool] | None, Folded()]
Choice = Annotated[ToolChoice | None, Encode(_as_tool_choice), Folded()]

_AS_CREATED = "As in create_prompt."


class VersionFields(Inputs):
    """What a version of a prompt is made of, all of it optional."""

    string: str | None = optional("Template with {{variables}}.")
    messages: Messages = optional(_AS_CREATED)
    model: str | None = optional("Its name.")
    version_description: str | None = optional("Change note.")
    template_metadata: Annotated[FreeObject | None, Unlisted()] = optional("Template metadata.")
    functions: Annotated[list[Function] | None, Unlisted()] = optional("Older form of tools.")
    tools: FunctionTools = optional(_AS_CREATED)
    tool_choice: Annotated[Choice, Unlisted()] = optional(_AS_CREATED)
    is_raw_template: Annotated[bool | None, Encode(as_flag), Unlisted()] = optional(
        "Leave the text unprocessed."
    )
    dry_run: Annotated[bool | None, Local()] = optional("Change nothing.")


class NewPrompt(VersionFields):
    name: str = required("Name.")
    collection_id: str = required("Id or slug.")
    parameters: FreeObject = required("Such as temperature.")
    virtual_key: str = required("Slug.")


class CreatePrompt(NewPrompt):
    messages: Messages = optional("Or a chat: {role: system|user|assistant, content: [{type, text}]} each.")
    tools: FunctionTools = optional("{type: function, function: {name, description, parameters}} each.")
    tool_choice: Choice = optional("{mode: auto|none|function, function_name}.")
    version_description: Annotated[str | None, Unlisted()] = optional("Change note.")
    ai_model_id: Annotated[str | None, Unlisted()] = optional("Instead of model: Portkey's id of it.")
    finetune_id: Annotated[str | None, Unlisted()] = optional("Instead of model: a fine-tune.")


class UpdatePrompt(VersionFields, OnePrompt):
    name: str | None = optional("Name.")
    collection_id: str | None = optional("To move to.")
    parameters: FreeObject | None = optional("Such as temperature.")
    virtual_key: str | None = optional("Slug.")
    template_metadata: Annotated[FreeObject | None, At("prompt_metadata"), Unlisted()] = optional(
        "Template metadata; replaces all."
    )


class MigratePrompt(NewPrompt):
    tools: Annotated[FunctionTools, Unlisted()] = optional(_AS_CREATED)
    version_description: Annotated[str | None, Unlisted()] = optional("Change note.")
    app: str = required("For metadata.", min_length=1)
    env: str = required("For metadata.", min_length=1)


class PromotePrompt(Inputs):
    source_prompt_id: Identifier = required("Id or slug.")
    target_collection_id: str = required("Id or slug.")
    target_env: str = required("Such as prod.", min_length=1)
    target_name: Annotated[str | None, Unlisted()] = optional("Else source-target_env.", min_length=1)
    virtual_key: str | None = optional("Else the source's.")


class PublishPrompt(OnePrompt):
    version: int = required("Number.", ge=1)


class LabelVersion(OneVersion):
    label_id: Annotated[str | None, Clearable()] = required('Id; null or "" takes it off.')


class RenderPrompt(OnePrompt):
    variables: Variables = required("Values by name.")
    hyperparameters: Annotated[Hyperparameters | None, Spread(), Unlisted()] = optional("Such as max_tokens.")


class RunPrompt(RenderPrompt):
    hyperparameters: Annotated[Hyperparameters | None, Spread(), Folded()] = optional("Such as max_tokens.")
    metadata: Annotated[BillingMetadata, Folded()] = required(
        "Whom to bill: {client_id, app, env, project_id?, feature?, ...}."
    )


class CompletionMetadata(Inputs):
    client_id: str | None = optional("Customer to bill.")
    app: str | None = optional("Application.", min_length=1)
    env: str | None = optional("Such as prod.", min_length=1)
    project_id: Annotated[str | None, Unlisted()] = optional("Project.")
    feature: Annotated[str | None, Unlisted()] = optional("Feature.")


_ONE_TEMPLATE = ExactlyOneOf(("string", "messages"))
_FIND_OR_WRITE = ("prompts.list", "prompts.read", "prompts.create", "prompts.update")

TOOLS = (
    Tool(
        name="create_prompt",
        domain=DOMAIN,
        summary="Create a prompt template in a collection.",
        detail="Needs model, and string or messages.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("prompts.create",),
        inputs=CreatePrompt,
        rules=(_ONE_TEMPLATE, AtLeastOneOf(("model", "ai_model_id", "finetune_id"))),
        call=Endpoint("POST", "/prompts"),
        preview=preview_create,
        lookup="list_prompts",
        form="get_prompt",
    ),
    Tool(
        name="list_prompts",
        domain=DOMAIN,
        summary="List or search prompt templates; gives their ids and slugs.",
        risk=Risk.READ,
        scopes=("prompts.list",),
        inputs=ListPrompts,
        call=Endpoint("GET", "/prompts"),
    ),
    Tool(
        name="get_prompt",
        domain=DOMAIN,
        summary="Show one prompt: template, model, parameters, versions.",
        risk=Risk.READ,
        scopes=("prompts.read",),
        inputs=OnePrompt,
        call=Workflow(get_prompt, ("GET /prompts/{prompt_id}", "GET /prompts/{prompt_id}/versions")),
        lookup="list_prompts",
    ),
    Tool(
        name="update_prompt",
        domain=DOMAIN,
        summary="Change a prompt as a new, unpublished version.",
        detail="What is left out stays. dry_run compares.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("prompts.update",),
        inputs=UpdatePrompt,
        rules=(NotTogether("string", ("messages",)), SomethingToChange()),
        call=Endpoint("PUT", "/prompts/{prompt_id}", fixed={"patch": True}),
        preview=preview_update,
        lookup="list_prompts",
        form="get_prompt",
    ),
    Tool(
        name="delete_prompt",
        domain=DOMAIN,
        summary="Delete a prompt with all versions; calls that name it fail.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("prompts.delete",),
        inputs=OnePrompt,
        call=Endpoint("DELETE", "/prompts/{prompt_id}"),
        lookup="list_prompts",
    ),
    Tool(
        name="publish_prompt",
        domain=DOMAIN,
        summary="Publish a version of a prompt, or roll back to one.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("prompts.publish",),
        inputs=PublishPrompt,
        call=Endpoint("PUT", "/prompts/{prompt_id}/makeDefault"),
        lookup=("list_prompts", "list_prompt_versions"),
    ),
    Tool(
        name="list_prompt_versions",
        domain=DOMAIN,
        summary="List a prompt's versions (history): number, template, label, status.",
        risk=Risk.READ,
        scopes=("prompts.read",),
        inputs=OnePrompt,
        call=Endpoint("GET", "/prompts/{prompt_id}/versions"),
        lookup="list_prompts",
    ),
    Tool(
        name="render_prompt",
        domain=DOMAIN,
        summary="Fill in a prompt's variables without calling a model.",
        detail="Needs a workspace key.",
        risk=Risk.READ,
        scopes=("prompts.render",),
        inputs=RenderPrompt,
        call=Endpoint("POST", "/prompts/{prompt_id}/render"),
        lookup="list_prompts",
    ),
    Tool(
        name="run_prompt_completion",
        domain=DOMAIN,
        summary="Run a prompt on its model: returns the completion, costs money.",
        detail="Needs a workspace key.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("completions.write",),
        inputs=RunPrompt,
        call=Endpoint("POST", "/prompts/{prompt_id}/completions", fixed={"stream": False}),
        lookup="list_prompts",
        form="get_prompt",
    ),
    Tool(
        name="migrate_prompt",
        domain=DOMAIN,
        summary="Create a prompt or update the one of that name (upsert), for prompts kept in code.",
        detail="Does not publish. Needs string or messages.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=_FIND_OR_WRITE,
        inputs=MigratePrompt,
        rules=(_ONE_TEMPLATE,),
        call=Workflow(
            migrate_prompt,
            (
                "GET /prompts",
                "GET /prompts/{prompt_id}",
                "GET /prompts/{prompt_id}/versions",
                "GET /prompts/{prompt_id}/versions/{version_id}",
                "PUT /prompts/{prompt_id}",
                "POST /prompts",
            ),
        ),
        lookup="list_prompts",
    ),
    Tool(
        name="promote_prompt",
        domain=DOMAIN,
        summary="Copy a prompt to another environment (staging to prod).",
        detail="Does not publish it.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=_FIND_OR_WRITE,
        inputs=PromotePrompt,
        call=Workflow(
            promote_prompt,
            ("GET /prompts/{source_prompt_id}", "GET /prompts", "PUT /prompts/{prompt_id}", "POST /prompts"),
        ),
        lookup="list_prompts",
    ),
    Tool(
        name="validate_completion_metadata",
        domain=DOMAIN,
        summary="Check billing metadata for run_prompt_completion; sends nothing.",
        risk=Risk.READ,
        inputs=CompletionMetadata,
        call=Workflow(validate_completion_metadata),
    ),
    Tool(
        name="get_prompt_version",
        domain=DOMAIN,
        summary="Show one version of a prompt in full.",
        risk=Risk.READ,
        scopes=("prompts.read",),
        inputs=OneVersion,
        call=Endpoint("GET", "/prompts/{prompt_id}/versions/{version_id}"),
        lookup=("list_prompts", "list_prompt_versions"),
    ),
    Tool(
        name="update_prompt_version",
        domain=DOMAIN,
        summary="Put a label (production) on a prompt version, or take it off.",
        detail="Content: update_prompt.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("prompts.update",),
        inputs=LabelVersion,
        call=Endpoint("PUT", "/prompts/{prompt_id}/versions/{version_id}"),
        lookup=("list_prompts", "list_prompt_versions"),
        form="get_prompt_version",
    ),
)
