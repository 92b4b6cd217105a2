"""Who may ask: a bearer token in the `authorization` metadata, compared in constant time."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["REFUSAL", "TokenInterceptor", "allows"]

REFUSAL = "the bearer token is missing or wrong; send the one the node was started with"

# Probes of an orchestrator carry no token, and health says nothing about anybody's code.
_OPEN = "/grpc.health.v1.Health/"


class TokenInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # grpc has no types
    """Refuses every call without the right token, except health checks."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._refuse = grpc.unary_unary_rpc_method_handler(_refuse)

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], details: Any) -> Any:
        """Let the call through, or put one in its place that ends UNAUTHENTICATED."""
        if details.method.startswith(_OPEN) or allows(self._token, details.invocation_metadata):
            return await continuation(details)
        return self._refuse


def allows(token: str, metadata: Any) -> bool:
    """Tell whether the metadata of a call holds the token."""
    given = [value for key, value in metadata or () if key == "authorization"]
    value = given[0] if len(given) == 1 else ""
    return hmac.compare_digest(value.encode() if isinstance(value, str) else value, f"Bearer {token}".encode())


async def _refuse(request: Any, context: Any) -> None:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, REFUSAL)
