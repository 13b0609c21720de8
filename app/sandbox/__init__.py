"""An emulator of Portkey's Admin API: an ASGI application that needs no account and no network.

`application.create_sandbox` builds it, `keys` names the API keys it accepts. It imports nothing from the rest
of the product, so it can run in process (the backend when no Portkey key is set) or as a server of its own.

To add a domain, add one module to `resources/`; see that package's docstring.
"""
