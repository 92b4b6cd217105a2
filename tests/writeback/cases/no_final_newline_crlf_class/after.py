class A:
    def f(self, x):
        """Doc."""
        if x:
            return 1