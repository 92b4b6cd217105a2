import os

from pytest_supercharger import supercharge


class C:
	Y = 1
	@supercharge
	def f(self): "Doc."

	def g(self): pass
