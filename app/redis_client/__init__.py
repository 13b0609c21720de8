"""The one way this service connects to Redis."""

from app.redis_client.breaker import Breaker, RedisUnavailableError
from app.redis_client.connecting import connect

__all__ = ["Breaker", "RedisUnavailableError", "connect"]
