"""Pure-ASGI middleware, one class a file. `app.web.application` fixes their order."""
