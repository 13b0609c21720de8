"""The status page of a running service: what it tells people to type works."""

from __future__ import annotations

import re
import shlex
from html import unescape

import httpx2
import pytest

from tests.end_to_end.processes import Running
from tests.end_to_end.services import TOKEN


@pytest.mark.parametrize("name", ["stateless", "stateful"])
def test_the_line_for_curl_is_answered_as_it_stands(name: str, request: pytest.FixtureRequest) -> None:
    service: Running = request.getfixturevalue(name)
    page = httpx2.get(f"{service.url}/", trust_env=False).text
    [text] = re.findall(r"<pre>(curl .*?)</pre>", page, re.DOTALL)
    # Taken apart as a shell would, for a machine may lack curl.
    _, url, *options = shlex.split(unescape(text).replace("\\\n", "").replace("YOUR_TOKEN", TOKEN))
    given = [*zip(options[::2], options[1::2], strict=True)]
    headers = dict(value.split(": ", 1) for option, value in given if option == "-H")
    [body] = [value for option, value in given if option == "-d"]
    answer = httpx2.post(url, headers=headers, content=body, trust_env=False)
    assert answer.status_code == 200
    assert '"name":"portkey-admin-mcp"' in answer.text
