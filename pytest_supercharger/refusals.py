"""What a user reads when a model node does not do what it was asked: the node, what it said, the next step."""

from __future__ import annotations

__all__ = ["comes_back", "is_of_a_replica", "said"]

_STRANGER = "CERTIFICATE_VERIFY_FAILED"
_PLAIN = "WRONG_VERSION_NUMBER"
_TOO_LARGE = ("larger than max", "exceeds")  # how gRPC itself says that a message or its headers are; it stays so


def comes_back(details: str) -> bool:
    """Whether a RESOURCE_EXHAUSTED with this text is a full queue, of the node or of what stands before it."""
    return not any(words in details for words in _TOO_LARGE)


def is_of_a_replica(details: str) -> bool:
    """Whether an INTERNAL with this text is Ray Serve's word that one replica is gone, of those behind the address."""
    return details.startswith("The actor ")


def said(address: str, status: str, details: str) -> str:
    """One line about a call to the node at `address` that ended with a gRPC status and its text."""
    node = f"model node {address}"
    if details.startswith("the node "):  # its own words: loading, draining, broken
        return f"{node} {details.removeprefix('the node ')}"
    if status == "UNAVAILABLE":
        return f"{node} {_unreachable(details)}"
    if status == "UNAUTHENTICATED":
        return f"{node} refuses the token; set SUPERCHARGER_NODE_TOKEN to the one the node was started with"
    if status == "UNIMPLEMENTED":
        return f"{node} is a gRPC server but no model node; check the address"
    if status == "DEADLINE_EXCEEDED":
        return f"{node} does not answer in time; look at its log"
    short = " ".join(details.split())[:500]
    if status == "RESOURCE_EXHAUSTED" and "larger than max" in details:
        return f"{node} takes messages of at most 16 MiB ({short}); shorten the code that goes into the prompt"
    return f"{node} answered {status}: {short}"


def _unreachable(details: str) -> str:
    if _STRANGER in details:
        return "shows a certificate of an unknown authority; set SUPERCHARGER_NODE_CA to the one that signed it"
    if _PLAIN in details:
        return "answers without TLS; unset SUPERCHARGER_NODE_CA, _CERT and _KEY, or start it with --tls-cert"
    if "failed to connect" in details and "Socket closed" in details:
        return (
            "hangs up before it answers; where it asks for TLS set SUPERCHARGER_NODE_CA, where it asks for a"
            " certificate SUPERCHARGER_NODE_CERT and SUPERCHARGER_NODE_KEY, signed by the authority that it knows"
        )
    return 'is not reachable; start it with "supercharger-node"'
