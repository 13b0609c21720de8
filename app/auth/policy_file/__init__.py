"""The policy file: who may use which tools with which Portkey key.

`load_rules` reads and checks it; `PolicyFile` holds what was read and reads it again on demand. The first
rule that matches a principal decides; without one it has nothing.
"""

from app.auth.policy_file.current import PolicyFile
from app.auth.policy_file.flaws import Flaw, PolicyFileError
from app.auth.policy_file.loading import Surroundings, load_rules
from app.auth.policy_file.rules import Rules

__all__ = ["Flaw", "PolicyFile", "PolicyFileError", "Rules", "Surroundings", "load_rules"]
