class A:
  x = 1
  def f(self, x):
    'Doc.'
    if x:
      return [
          1,
      ]
    return 2
  y = 2
