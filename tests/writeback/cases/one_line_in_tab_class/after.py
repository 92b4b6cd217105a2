import os


class C:
	Y = 1
	def f(self):
		"Doc."
		if self:
			return 1
		return 2

	def g(self): pass
