class A:
	def f(self, x):
		"""Doc."""
		if x and \
		        x:
			return x + \
			    1
		return [
		    1,
		    2,
		]
