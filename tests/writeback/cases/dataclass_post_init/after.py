from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    start: int
    end: int = 0  # exclusive

    def __post_init__(self):
        """Check the order."""
        if self.end < self.start:
            raise ValueError(self)

    kind: str = "span"
