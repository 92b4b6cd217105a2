class A:
  def g(self):
  	return 1
  def f(self, x):
  	"Doc."
  	for a in x:
  		if a:
  			yield a
