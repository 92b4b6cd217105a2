class C:
    from pytest_supercharger import supercharge

    @supercharge
    def f(self):
        """Doc."""
