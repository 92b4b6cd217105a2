import os

from pytest_supercharger import supercharge


if os.name == "posix":
    @supercharge
    def f(x):
        """Doc."""
        ...
else:
    def f(x):
        return 0
