"""The pool of model nodes: what is decided (`policy`, `scheduler`) apart from how it is asked (`calls`, `loop`)."""
