"""Tools that make several calls to Portkey, or none. Each is a coroutine over its inputs and a `Run`."""
