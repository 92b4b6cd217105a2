import os

from pytest_supercharger import supercharge


X = 1
# about C
class C:
    class D:
        @supercharge
        def f(self):
            """Doc."""
            ...
