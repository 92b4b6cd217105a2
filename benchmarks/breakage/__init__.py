"""What `benchmarks/repair` is made of."""
