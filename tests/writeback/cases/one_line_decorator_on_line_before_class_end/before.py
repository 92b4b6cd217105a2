from pytest_supercharger import supercharge


class A:
  x = 1
  @supercharge
  def f(self, x): 'Doc.'
  y = 2
