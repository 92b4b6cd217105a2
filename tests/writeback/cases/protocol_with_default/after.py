from typing import Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Reader(Protocol[T_co]):
    def read(self) -> T_co: ...

    def read_twice(self) -> tuple[T_co, T_co]:
        """Read twice."""
        return self.read(), self.read()
