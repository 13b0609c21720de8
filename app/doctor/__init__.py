"""`portkey-admin-mcp doctor`: finds out what keeps a deployment from working, and says how to put it right.

It asks what the service would use, from where it runs, and changes nothing there.
"""

from app.doctor.finding import Finding, Level
from app.doctor.run import run_doctor

__all__ = ["Finding", "Level", "run_doctor"]
