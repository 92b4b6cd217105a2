def h(x):
	if x:
		return """
    a"""
	return 0


def f(x):
	"""Doc."""
	return h(x)
