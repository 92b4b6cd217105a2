"""The addresses that a name stands for by now."""

from __future__ import annotations

import asyncio
import socket

__all__ = ["addresses"]

_SECONDS = 3.0


async def addresses(name: str, port: int) -> dict[str, str]:
    """Each address with the name; none where it does not resolve in time."""
    loop = asyncio.get_running_loop()
    try:
        found = await asyncio.wait_for(loop.getaddrinfo(name, port, type=socket.SOCK_STREAM), _SECONDS)
    except (OSError, UnicodeError, asyncio.TimeoutError):  # UnicodeError: of a label that is none
        return {}
    shown = (f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}" for _, _, _, _, (host, *_) in found)
    return dict.fromkeys(shown, name)
