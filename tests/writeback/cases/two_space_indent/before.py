import os

from pytest_supercharger import supercharge


class C:
  @supercharge
  def f(self, x):
    """Doc."""
    ...
