"""What `benchmarks/tour` is made of."""
