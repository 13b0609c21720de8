"""Fuzzing of everything that reads what a client sends; `make fuzz` runs it in full."""
