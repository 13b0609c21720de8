"""The smoke test: a client of a few requests that says whether a running service works, and if not, why.

It knows nothing of this code base but the protocol, so it can be pointed at any deployment. `SmokeOptions`
says where the service is, `run_smoke` goes there and returns the exit code.
"""

from app.smoke.options import SmokeOptions
from app.smoke.run import run_smoke

__all__ = ["SmokeOptions", "run_smoke"]
