"""Parts of benchmarks/load: a node process, clients of all manners, and what came of them."""
