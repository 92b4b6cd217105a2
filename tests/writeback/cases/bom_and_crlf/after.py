def f(x):
    """Doc."""
    return """
"""
