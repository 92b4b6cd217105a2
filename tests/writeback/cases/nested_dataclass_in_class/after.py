import dataclasses


class Outer:
    @dataclasses.dataclass
    class Inner:
        a: int

        class Innermost:
            @staticmethod
            def f(x):
                """Doc."""
                return x + 1

        b: int = 1
