"""Stands in the way of rich, which is not installed where the service runs.

Here a checker of imports brings it, and structlog would load it at each start: a tenth of the time.
"""

raise ImportError("rich is not installed where the service runs")
