"""Benchmarks: what the service adds to the work that any server in its place would have to do."""
