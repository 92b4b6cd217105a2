import os


class C:
	def f(self, x):
		"""Doc."""
		if x:
			# deep
			for y in x:
				return (y +
				        1)
		return 0

	def g(self):
		pass
