"""What AI providers need besides a key: the `configurations` of an integration, checked before they are sent.

Members and their meanings are those of Portkey's API description. It asks for one of ten forms; which one is
meant is seen from the members, and what a form cannot do without is named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated, Final, Literal

from pydantic import Field, WithJsonSchema

from app.catalog.inputs import Clearable, FreeObject, OpenPart, Part

AzureAuth = Literal["default", "entra", "managed"]
AwsAuth = Literal["accessKey", "assumedRole"]
VertexAuth = Literal["basic", "serviceAccount"]
ApiVersion = Annotated[str, Field(max_length=30)]
Factor = Annotated[float | None, Field(ge=0)]

FORMS: Final = (
    "azure-openai: azure_resource_name, azure_deployment_config [{azure_model_slug, azure_deployment_name, "
    "azure_api_version}], azure_auth_mode default|managed|entra. azure-ai: azure_foundry_url, "
    "azure_auth_mode. bedrock, sagemaker: aws_region, aws_auth_type accessKey (aws_access_key_id, "
    "aws_secret_access_key)|assumedRole (aws_role_arn). vertex-ai: vertex_region, vertex_auth_type basic "
    "(vertex_project_id)|serviceAccount (vertex_service_account_json). workers-ai: workers_ai_account_id. "
    "cortex: snowflake_account. huggingface: huggingface_base_url. openai: openai_organization, "
    "openai_project. Any: custom_host, custom_headers."
)
"""What the configurations of each provider are made of, for the model that fills them. A refusal names what
else a form needs, such as the three members of entra."""


class AzureDeployment(OpenPart):
    """One deployment of an Azure OpenAI resource."""

    azure_api_version: ApiVersion
    azure_deployment_name: str
    azure_model_slug: str
    alias: str | None = None
    is_default: bool | None = None


class Configurations(OpenPart):
    """The members that Portkey describes; what it knows besides is passed on as given."""

    openai_organization: str | None = None
    openai_project: str | None = None
    azure_auth_mode: AzureAuth | None = None
    azure_resource_name: str | None = None
    azure_deployment_config: Annotated[list[AzureDeployment], Field(min_length=1)] | None = None
    azure_foundry_url: str | None = None
    azure_api_version: ApiVersion | None = None
    azure_deployment_name: str | None = None
    azure_entra_tenant_id: str | None = None
    azure_entra_client_id: str | None = None
    azure_entra_client_secret: str | None = None
    azure_managed_client_id: str | None = None
    aws_auth_type: AwsAuth | None = None
    aws_region: str | None = None
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = None
    aws_role_arn: str | None = None
    aws_external_id: Annotated[str | None, Clearable()] = None
    vertex_auth_type: VertexAuth | None = None
    vertex_region: str | None = None
    vertex_project_id: str | None = None
    vertex_service_account_json: FreeObject | None = None
    workers_ai_account_id: str | None = None
    amzn_sagemaker_custom_attributes: str | None = None
    amzn_sagemaker_target_model: str | None = None
    amzn_sagemaker_target_variant: str | None = None
    amzn_sagemaker_target_container_hostname: str | None = None
    amzn_sagemaker_inference_id: str | None = None
    amzn_sagemaker_enable_explanations: str | None = None
    amzn_sagemaker_inference_component: str | None = None
    amzn_sagemaker_session_id: str | None = None
    amzn_sagemaker_model_name: str | None = None
    huggingface_base_url: str | None = None
    snowflake_account: str | None = None
    custom_host: str | None = None
    custom_headers: dict[str, str] | None = None


class ImageFactors(Part):
    """Factors on the price of generated images."""

    default: Annotated[Factor, Clearable()] = None


class Multiplier(Part):
    """Factors on a model's prices. Of what is left out or null, `default` decides."""

    default: Annotated[Factor, Clearable()] = None
    request_token: Annotated[Factor, Clearable()] = None
    response_token: Annotated[Factor, Clearable()] = None
    cache_read_input_token: Annotated[Factor, Clearable()] = None
    cache_write_input_token: Annotated[Factor, Clearable()] = None
    cache_read_audio_input_token: Annotated[Factor, Clearable()] = None
    request_audio_token: Annotated[Factor, Clearable()] = None
    response_audio_token: Annotated[Factor, Clearable()] = None
    reasoning_token: Annotated[Factor, Clearable()] = None
    prediction_accepted_token: Annotated[Factor, Clearable()] = None
    prediction_rejected_token: Annotated[Factor, Clearable()] = None
    request_image_token: Annotated[Factor, Clearable()] = None
    response_image_token: Annotated[Factor, Clearable()] = None
    request_text_token: Annotated[Factor, Clearable()] = None
    response_text_token: Annotated[Factor, Clearable()] = None
    cache_read_image_input_token: Annotated[Factor, Clearable()] = None
    cache_read_text_input_token: Annotated[Factor, Clearable()] = None
    cache_write_text_input_token: Annotated[Factor, Clearable()] = None
    cache_write_image_input_token: Annotated[Factor, Clearable()] = None
    image: Annotated[ImageFactors | None, Clearable()] = None
    additional_units: Annotated[dict[str, Factor] | None, Clearable()] = None


class PricingAdjustments(Part):
    """How an integration's prices differ from Portkey's."""

    multiplier: Multiplier | None = None


# Written out, these would be several times the size of the tools that take them; their words say it shorter.
AnyConfigurations = Annotated[Configurations, WithJsonSchema({"type": "object"})]
AnyPricingAdjustments = Annotated[PricingAdjustments, WithJsonSchema({"type": "object"})]

_ENTRA: Final = ("azure_entra_tenant_id", "azure_entra_client_id", "azure_entra_client_secret")
# A member, its value (None for any), and what must then be there as well.
_NEEDS: Final[tuple[tuple[str, str | None, tuple[str, ...]], ...]] = (
    ("azure_resource_name", None, ("azure_auth_mode", "azure_deployment_config")),
    ("azure_deployment_config", None, ("azure_resource_name",)),
    ("azure_foundry_url", None, ("azure_auth_mode",)),
    ("azure_auth_mode", "entra", _ENTRA),
    ("aws_region", None, ("aws_auth_type",)),
    ("aws_auth_type", None, ("aws_region",)),
    ("aws_auth_type", "accessKey", ("aws_access_key_id", "aws_secret_access_key")),
    ("aws_auth_type", "assumedRole", ("aws_role_arn",)),
    ("vertex_region", None, ("vertex_auth_type",)),
    ("vertex_auth_type", None, ("vertex_region",)),
    ("vertex_auth_type", "basic", ("vertex_project_id",)),
    ("vertex_auth_type", "serviceAccount", ("vertex_service_account_json",)),
)


def missing_members(configurations: Configurations, mapped: Collection[str]) -> Iterator[str]:
    """Yield, as sentences, what new configurations lack.

    Args:
        configurations: As given.
        mapped: The members that secret references fill.
    """
    there = {name for name in configurations.model_fields_set if getattr(configurations, name) is not None}
    for name, value, needed in _NEEDS:
        if name not in there or (value is not None and getattr(configurations, name) != value):
            continue
        when = name if value is None else f"{name} {value}"
        for other in needed:
            if other not in there and other not in mapped:
                yield f"configurations with {when} also need {other}"
