"""The service on platforms that start it with a request, freeze it in between, and may run no lifespan."""
