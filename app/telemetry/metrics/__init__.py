"""What this process counts and measures, for Prometheus.

Only loaded where metrics are wanted. Each `Metrics` has a registry of its own: nothing is global.
"""
