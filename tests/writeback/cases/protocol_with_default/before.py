from typing import Protocol, TypeVar

from pytest_supercharger import supercharge

T_co = TypeVar("T_co", covariant=True)


class Reader(Protocol[T_co]):
    def read(self) -> T_co: ...

    @supercharge
    def read_twice(self) -> tuple[T_co, T_co]:
        """Read twice."""
        ...
