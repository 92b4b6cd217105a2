from pytest_supercharger import supercharge

if f:
    @supercharge
    def f(x):
        """One."""
else:
    @supercharge
    def f(x):
        """Two."""
