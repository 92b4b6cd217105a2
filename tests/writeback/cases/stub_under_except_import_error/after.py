try:
    import numpy
except ImportError:
    numpy = None

try:
    from fast import f
except ImportError:

    def f(x):
        """Slow."""
        return x + 1
else:
    def g(x): return f(x)
finally:
    pass
