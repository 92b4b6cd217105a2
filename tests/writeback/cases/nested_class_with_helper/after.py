import os


X = 1


def h():
    return LIMIT


# about C
class C:
    class D:
        def f(self):
            """Doc."""
            return h()
