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
    FreeObject,
    Identifier,
    Implies,
    Inputs,
    Local,
    OpenPart,
    Paged,
    Part,
    Spread,
    optional,
    required,
)
from app.catalog.rules import AtLeastOneOf, ExactlyOneOf, NotTogether, SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool, Workflow
from app.catalog.wire import as_flag, as_json_text
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
    env: str = required("Environment, such as prod.", min_length=1)
    project_id: str | None = optional("Project.")
    feature: str | None = optional("Feature.")


class OnePrompt(Inputs):
    prompt_id: Identifier = required("Prompt id or slug.")


class OneVersion(OnePrompt):
    version_id: Identifier = required("Version id (UUID), from list_prompt_versions.")


class ListPrompts(Paged):
    collection_id: str | None = optional("Only this collection.")
    workspace_id: str | None = optional("Only this workspace.")
    search: str | None = optional("Part of the name.")
    page_size: Annotated[int | None, Implies("current_page", 0)] = optional("Items a page.", ge=1, le=100)


class VersionFields(Inputs):
    """What a version of a prompt is made of, all of it optional."""

    string: str | None = optional("Template text with {{variables}}.")
    messages: Annotated[list[Message] | None, At("string"), Encode(as_json_text)] = optional(
        "Chat template, instead of string."
    )
    model: str | None = optional("Model name.")
    version_description: str | None = optional("What this version changes.")
    template_metadata: FreeObject | None = optional("Metadata of the template.")
    functions: list[Function] | None = optional("Functions (older form of tools).")
    tools: list[FunctionTool] | None = optional("Tools the model may call.")
    tool_choice: Annotated[ToolChoice | None, Encode(_as_tool_choice)] = optional("Which tool to call.")
    is_raw_template: Annotated[bool | None, Encode(as_flag)] = optional("Leave the text unprocessed.")
    dry_run: Annotated[bool | None, Local()] = optional("Only say what would happen.")


class NewPrompt(VersionFields):
    name: str = required("Name.")
    collection_id: str = required("Collection id or slug.")
    parameters: FreeObject = required("Model parameters, such as temperature.")
    virtual_key: str = required("Virtual key slug.")


class CreatePrompt(NewPrompt):
    ai_model_id: str | None = optional("Or the model's id in Portkey.")
    finetune_id: str | None = optional("Or a fine-tune's id.")


class UpdatePrompt(VersionFields, OnePrompt):
    name: str | None = optional("New name.")
    collection_id: str | None = optional("Collection to move to.")
    parameters: FreeObject | None = optional("Model parameters, such as temperature.")
    virtual_key: str | None = optional("Virtual key slug.")
    template_metadata: Annotated[FreeObject | None, At("prompt_metadata")] = optional(
        "Metadata of the template; replaces all of it."
    )


class MigratePrompt(NewPrompt):
    app: str = required("Application, kept in its metadata.", min_length=1)
    env: str = required("Environment, kept in its metadata.", min_length=1)


class PromotePrompt(Inputs):
    source_prompt_id: Identifier = required("Prompt to copy, by id or slug.")
    target_collection_id: str = required("Collection of the target environment.")
    target_env: str = required("Target environment, such as prod.", min_length=1)
    target_name: str | None = optional("Target's name; else the source's with -target_env.", min_length=1)
    virtual_key: str | None = optional("Virtual key there; else the source's.")


class PublishPrompt(OnePrompt):
    version: int = required("Version number, such as 3.", ge=1)


class LabelVersion(OneVersion):
    label_id: Annotated[str | None, Clearable()] = required('Label id; null or "" removes the label.')


class RenderPrompt(OnePrompt):
    variables: Variables = required("Values for the template's variables.")
    hyperparameters: Annotated[Hyperparameters | None, Spread()] = optional("Model parameters for this call.")


class RunPrompt(RenderPrompt):
    metadata: BillingMetadata = required("Whom to bill; further members are passed on.")


class CompletionMetadata(Inputs):
    client_id: str | None = optional("Customer to bill.")
    app: str | None = optional("Application.", min_length=1)
    env: str | None = optional("Environment, such as prod.", min_length=1)
    project_id: str | None = optional("Project.")
    feature: str | None = optional("Feature.")


_ONE_TEMPLATE = ExactlyOneOf(("string", "messages"))
_FIND_OR_WRITE = ("prompts.list", "prompts.read", "prompts.create", "prompts.update")

TOOLS = (
    Tool(
        name="create_prompt",
        domain=DOMAIN,
        summary="Create a prompt template with its model and parameters in a collection.",
        detail="Name the model by model, ai_model_id or finetune_id. dry_run shows it and sends nothing.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("prompts.create",),
        inputs=CreatePrompt,
        rules=(_ONE_TEMPLATE, AtLeastOneOf(("model", "ai_model_id", "finetune_id"))),
        call=Endpoint("POST", "/prompts"),
        preview=preview_create,
        lookup="list_prompts",
    ),
    Tool(
        name="list_prompts",
        domain=DOMAIN,
        summary="List or search prompt templates, by name, collection or workspace.",
        detail="Start here to find a prompt id or slug.",
        risk=Risk.READ,
        scopes=("prompts.list",),
        inputs=ListPrompts,
        call=Endpoint("GET", "/prompts"),
    ),
    Tool(
        name="get_prompt",
        domain=DOMAIN,
        summary="Show one prompt: template, model, parameters, and which versions it has.",
        risk=Risk.READ,
        scopes=("prompts.read",),
        inputs=OnePrompt,
        call=Workflow(get_prompt, ("GET /prompts/{prompt_id}", "GET /prompts/{prompt_id}/versions")),
        lookup="list_prompts",
    ),
    Tool(
        name="update_prompt",
        domain=DOMAIN,
        summary="Change a prompt's template, model, parameters or name as a new version, not yet published.",
        detail="What is left out stays. dry_run compares only. Publish with publish_prompt.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("prompts.update",),
        inputs=UpdatePrompt,
        rules=(NotTogether("string", ("messages",)), SomethingToChange()),
        call=Endpoint("PUT", "/prompts/{prompt_id}", fixed={"patch": True}),
        preview=preview_update,
        lookup="list_prompts",
    ),
    Tool(
        name="delete_prompt",
        domain=DOMAIN,
        summary="Delete a prompt with all its versions for good; calls that name it fail from then on.",
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
        summary="Publish a version of a prompt, or roll back to one: callers get it from then on.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("prompts.publish",),
        inputs=PublishPrompt,
        call=Endpoint("PUT", "/prompts/{prompt_id}/makeDefault"),
        lookup="list_prompt_versions",
    ),
    Tool(
        name="list_prompt_versions",
        domain=DOMAIN,
        summary="List every version of a prompt with its template, number, label and status.",
        risk=Risk.READ,
        scopes=("prompts.read",),
        inputs=OnePrompt,
        call=Endpoint("GET", "/prompts/{prompt_id}/versions"),
        lookup="list_prompts",
    ),
    Tool(
        name="render_prompt",
        domain=DOMAIN,
        summary="Fill a prompt's variables and show the messages and parameters, without calling a model.",
        detail="Portkey allows this with a workspace key only.",
        risk=Risk.READ,
        scopes=("prompts.render",),
        inputs=RenderPrompt,
        call=Endpoint("POST", "/prompts/{prompt_id}/render"),
        lookup="list_prompts",
    ),
    Tool(
        name="run_prompt_completion",
        domain=DOMAIN,
        summary="Run a prompt against its model and return the completion. This costs money.",
        detail="Billing metadata is required. Portkey allows this with a workspace key only.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("completions.write",),
        inputs=RunPrompt,
        call=Endpoint("POST", "/prompts/{prompt_id}/completions", fixed={"stream": False}),
        lookup="list_prompts",
    ),
    Tool(
        name="migrate_prompt",
        domain=DOMAIN,
        summary="Create a prompt, or update the one of that name in the collection if it differs (upsert).",
        detail="For prompts kept in code. Safe to repeat; dry_run changes nothing. It does not publish.",
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
        summary="Copy a prompt's current version to another environment (dev to staging to prod).",
        detail="Creates or updates the target in its collection and does not publish it.",
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
        summary="Check billing metadata for run_prompt_completion: what is missing, what is advised.",
        detail="Sends nothing.",
        risk=Risk.READ,
        inputs=CompletionMetadata,
        call=Workflow(validate_completion_metadata),
    ),
    Tool(
        name="get_prompt_version",
        domain=DOMAIN,
        summary="Show one version of a prompt in full: template, model, parameters, tools.",
        risk=Risk.READ,
        scopes=("prompts.read",),
        inputs=OneVersion,
        call=Endpoint("GET", "/prompts/{prompt_id}/versions/{version_id}"),
        lookup="list_prompt_versions",
    ),
    Tool(
        name="update_prompt_version",
        domain=DOMAIN,
        summary="Put a label (such as production) on a version of a prompt, or take it off.",
        detail="Versions are otherwise fixed: change the content with update_prompt.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("prompts.update",),
        inputs=LabelVersion,
        call=Endpoint("PUT", "/prompts/{prompt_id}/versions/{version_id}"),
        lookup="list_prompt_versions",
    ),
)
