"""What the company uses models for: the kinds of requests its traffic is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# cents for a thousand tokens, in and out
PRICES: Final[Mapping[str, tuple[float, float]]] = {
    "gpt-4o": (0.25, 1.0),
    "gpt-4o-mini": (0.015, 0.06),
    "claude-3-5-sonnet": (0.3, 1.5),
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request is answered."""

    virtual_key: str
    provider: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Requests that are alike.

    Attributes:
        share: How many of a hundred requests.
        users: Who makes them, the busiest first.
        tokens_in: Tokens of a request on average; `tokens_out` those of an answer.
        fallback: Where the config sends a request that failed.
        cache: The part of the requests that the cache answers; 0 for no cache.
        semantic: The part of these that it answers by meaning.
    """

    share: int
    workspace: str
    api_key: str
    target: Target
    team: str
    feature: str
    users: tuple[str, ...]
    tokens_in: int
    tokens_out: int
    config: str = ""
    prompt: str = ""
    mode: str = "single"
    fallback: Target | None = None
    cache: float = 0
    semantic: float = 0

    def metadata(self) -> tuple[Mapping[str, str], ...]:
        """Return the metadata that goes with the requests of each user."""
        env = "staging" if self.workspace == "ws-staging" else "production"
        return tuple(
            {"_user": user, "team": self.team, "env": env, "feature": self.feature} for user in self.users
        )


_ANTHROPIC: Final = Target("anthropic-prod-9b02c6", "anthropic", "claude-3-5-sonnet")

WORKLOADS: Final = (
    Workload(
        share=34,
        workspace="ws-production",
        api_key="Checkout service",
        target=Target("openai-prod-4d1e7a", "openai", "gpt-4o"),
        team="checkout",
        feature="cart-assistant",
        users=("priya", "mateo", "amara"),
        tokens_in=6000,
        tokens_out=700,
        config="pc-checko-2b7f10",
        mode="fallback",
        fallback=_ANTHROPIC,
    ),
    Workload(
        share=11,
        workspace="ws-production",
        api_key="Checkout service",
        target=Target("openai-prod-4d1e7a", "openai", "gpt-4o-mini"),
        team="checkout",
        feature="upsell",
        users=("priya", "mateo"),
        tokens_in=30_000,
        tokens_out=900,
        prompt="pp-upsell-d47b18",
        cache=0.35,
    ),
    Workload(
        share=15,
        workspace="ws-production",
        api_key="Fraud review",
        target=Target("openai-prod-4d1e7a", "openai", "gpt-4o"),
        team="risk",
        feature="fraud-review",
        users=("mateo", "jonas"),
        tokens_in=24_000,
        tokens_out=1500,
    ),
    Workload(
        share=12,
        workspace="ws-staging",
        api_key="Load tests",
        target=Target("openai-staging-71fa3e", "openai", "gpt-4o-mini"),
        team="platform",
        feature="load-test",
        users=("lucas", "priya", "jonas"),
        tokens_in=40_000,
        tokens_out=2000,
        config="pc-stagin-8c3d55",
        mode="loadbalance",
    ),
    Workload(
        share=19,
        workspace="ws-customer-support",
        api_key="Support assistant backend",
        target=Target("azure-support-c85d20", "azure-openai", "gpt-4o"),
        team="support",
        feature="ticket-summary",
        users=("hana", "mateo"),
        tokens_in=5000,
        tokens_out=500,
        config="pc-suppor-e61a94",
        prompt="pp-ticket-1f5d3a",
        cache=0.3,
        semantic=0.6,
    ),
    Workload(
        share=9,
        workspace="ws-customer-support",
        api_key="Support assistant backend",
        target=Target("azure-support-c85d20", "azure-openai", "gpt-4o-mini"),
        team="support",
        feature="refund-reply",
        users=("hana", "mateo"),
        tokens_in=20_000,
        tokens_out=1200,
        config="pc-suppor-e61a94",
        prompt="pp-refund-62c9e0",
        cache=0.2,
        semantic=0.5,
    ),
)

NIGHTLY: Final = Workload(
    share=0,
    workspace="ws-production",
    api_key="Nightly summaries",
    target=_ANTHROPIC,
    team="platform",
    feature="nightly-eval",
    users=("nightly",),
    tokens_in=18_000,
    tokens_out=1200,
)


def cost_of(model: str, tokens_in: int, tokens_out: int) -> int:
    """Return the price in whole cents, at least one; 0 for a model without a price."""
    if model not in PRICES:
        return 0
    cents_in, cents_out = PRICES[model]
    return max(1, round((tokens_in * cents_in + tokens_out * cents_out) / 1000))
