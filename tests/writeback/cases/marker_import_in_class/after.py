class C:

    def f(self):
        """Doc."""
        return 1
