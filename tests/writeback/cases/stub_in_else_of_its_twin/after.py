import sys

if sys.platform == "win32":
    def f(x):
        """Doc."""
        return 0
elif sys.platform == "darwin":
    def f(x):
        """Doc."""
        ...
else:
    def f(x):
        """Doc."""
        return x + 1
