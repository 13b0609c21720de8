"""Traces over OTLP. Only loaded where a collector is named; needs the extra `otel`."""
