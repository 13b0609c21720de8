"""Every setting of the service: names, defaults, bounds and meaning, and one report of all problems.

In goes a mapping of environment variables, out comes a frozen `Settings` or a `SettingsError` that carries
every problem at once. Nothing here reads the process's environment or imports another room.
"""

from app.settings.cross_checks import Check
from app.settings.loading import load_settings
from app.settings.model import Settings
from app.settings.problems import Problem, SettingsError, render_problems

__all__ = ["Check", "Problem", "Settings", "SettingsError", "load_settings", "render_problems"]
