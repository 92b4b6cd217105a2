@ps.supercharge
def f(x): "Doc."
import pytest_supercharger as ps