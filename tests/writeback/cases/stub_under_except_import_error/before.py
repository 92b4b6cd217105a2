try:
    import numpy
except ImportError:
    numpy = None
from pytest_supercharger import supercharge

try:
    from fast import f
except ImportError:

    @supercharge
    def f(x):
        """Slow."""
        raise NotImplementedError
else:
    def g(x): return f(x)
finally:
    pass
