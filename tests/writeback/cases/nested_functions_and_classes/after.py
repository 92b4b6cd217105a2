def outer():
    @property
    def f(x): ...
    return f

def f(x):
    """Doc."""
    class A:
        def f(self):
            def g():
                return x

            return g


    async def h():
        return A


    return h
