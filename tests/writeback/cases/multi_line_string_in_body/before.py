import os

from pytest_supercharger import supercharge


class C:
    class D:
        @supercharge
        def f(self):
            """Doc."""
