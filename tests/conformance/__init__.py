"""Runs the official MCP conformance suite against this service: `python -m tests.conformance`.

The suite wants certain tools, prompts and resources to exist. `fixtures` adds them to the service's own, in a
process that only this runner starts.
"""
