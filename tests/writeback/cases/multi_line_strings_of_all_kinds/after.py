class A:
	def f(self, x):
		"""Doc."""
		a = f"""
{x}
  {x:>{x}}
"""
		b = (
		    b"""
    raw"""
		    rb'''
\x'''
		)
		c = "one \
two"
		if a:
			return """
""" + \
			    """ x
    """

		def g():
			"""Inner.

    Kept.
    """
			return b

		return g
