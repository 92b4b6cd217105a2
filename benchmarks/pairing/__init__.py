"""What `benchmarks/pairs` is made of."""
