import os


class A:
    def f(self):
        """Doc."""
        # a hint
        return """a
b
  c"""
