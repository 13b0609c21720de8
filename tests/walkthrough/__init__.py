"""Writes docs/walkthrough.md: what an agent asks of the service for everyday tasks, and what comes back.

`python -m tests.walkthrough --write` does the tasks of `steps.py` with a real MCP client and writes the page.
"""
