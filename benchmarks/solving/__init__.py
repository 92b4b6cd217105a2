"""What `benchmarks/solve` is made of."""
