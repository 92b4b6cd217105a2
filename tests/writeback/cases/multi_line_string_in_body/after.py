import os


class C:
    class D:
        def f(self):
            """Doc."""
            a = """one
  two
three"""
            b = f"""
{a}
  {a!r:>{len(a)}}
"""
            c = 'x\
y'
            return a + b + c
