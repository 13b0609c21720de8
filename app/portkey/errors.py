"""The one error of this room: what went wrong, whether repeating helps, and what to do next."""

from __future__ import annotations


class PortkeyError(Exception):
    """A call to Portkey that did not succeed.

    Attributes:
        message: one sentence or two for people and models; never contains the API key.
        status: Portkey's HTTP status, or None when there was none.
        code: Portkey's code, `AB01` to `AB09` or another it sent.
        retryable: repeating the same call is safe and may succeed.
        next_step: what to do, as a sentence.
        request_id: Portkey's id of the request, for their support.
        may_have_applied: the call was a write and Portkey may have carried it out.
        retry_after: seconds Portkey asked to wait, when it did.
    """

    def __init__(
        self,
        message: str,
        *,
        next_step: str,
        status: int | None = None,
        code: str | None = None,
        retryable: bool = False,
        request_id: str | None = None,
        may_have_applied: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.status = status
        self.code = code
        self.retryable = retryable
        self.request_id = request_id
        self.may_have_applied = may_have_applied
        self.retry_after = retry_after
