if f:
    def f(x):
        """One."""
        return x
else:
    def f(x):
        """Two."""
        return x + 1
