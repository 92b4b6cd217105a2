import os


class C:
  def f(self, x):
    """Doc."""
    if x:
      return [
          x,
      ]
    return 0
