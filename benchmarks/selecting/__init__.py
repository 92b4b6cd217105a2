"""What `benchmarks/selection` is made of."""
