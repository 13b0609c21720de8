"""The table, by what is odd about a request."""

from tests.hostile.rows.bodies import BODIES
from tests.hostile.rows.forwarded import FORWARDED
from tests.hostile.rows.framing import FRAMING
from tests.hostile.rows.heads import HEADS
from tests.hostile.rows.hosts import HOSTS
from tests.hostile.rows.jwts import JWTS
from tests.hostile.rows.mcp_headers import MCP_HEADERS
from tests.hostile.rows.messages import MESSAGES
from tests.hostile.rows.methods import METHODS
from tests.hostile.rows.origins import ORIGINS
from tests.hostile.rows.paths import PATHS
from tests.hostile.rows.tokens import TOKENS

ROWS = [
    *ORIGINS,
    *HOSTS,
    *TOKENS,
    *JWTS,
    *FORWARDED,
    *HEADS,
    *FRAMING,
    *PATHS,
    *METHODS,
    *BODIES,
    *MESSAGES,
    *MCP_HEADERS,
]
