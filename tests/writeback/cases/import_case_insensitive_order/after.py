import alpha
import Beta
import beta_two
import Delta
import gamma


def f(x):
    """Doc."""
    return x + 1
