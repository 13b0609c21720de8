"""The entry of the Vercel function. vercel.json leads every path of the service here."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.wiring.memory import building

with building():
    from app.serverless.vercel import vercel_application

app = vercel_application(os.environ)
