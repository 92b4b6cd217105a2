import sys
from pytest_supercharger import supercharge

if sys.platform == "win32":
    def f(x):
        """Doc."""
        return 0
elif sys.platform == "darwin":
    def f(x):
        """Doc."""
        ...
else:
    @supercharge
    def f(x):
        """Doc."""
        ...
