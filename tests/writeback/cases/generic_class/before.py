from typing import Generic, TypeVar

from pytest_supercharger import supercharge

K = TypeVar("K")
V = TypeVar("V", bound="Comparable")


class Table(Generic[K, V]):
    @supercharge
    def get(
        self, key: K, default: "V | None" = None, /, *more: V, **named: dict[str, list[V]]
    ) -> "dict[K, V] | None":
        """Get."""
