import dataclasses

from pytest_supercharger import supercharge


class Outer:
    @dataclasses.dataclass
    class Inner:
        a: int

        class Innermost:
            @staticmethod
            @supercharge
            def f(x):
                """Doc."""
                pass

        b: int = 1
