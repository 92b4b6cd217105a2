from pytest_supercharger import supercharge
class A:
  def g(self):
  	return 1
  @supercharge
  def f(self, x):
  	"Doc."
  	pass
