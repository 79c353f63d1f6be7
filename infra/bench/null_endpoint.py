"""AWS that answers at once and does nothing: what is left is the CPU of the caller."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session

NOTHING: Final = json.dumps({"Items": [], "Count": 0, "ScannedCount": 0}).encode()
"""The answer to a query that finds nothing."""
_SES: Final = json.dumps({"MessageId": "0100019a-bench"}).encode()
Answer = Callable[[str, dict[str, Any]], Mapping[str, Any]]


class _Body:
    """What urllib3 gives botocore to read an answer from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Any:
        """Yield the whole body."""
        yield self._content


def response(url: str, content: bytes, kind: str = "application/x-amz-json-1.0") -> AWSResponse:
    """Return an HTTP answer of AWS with that body."""
    headers = {"Content-Type": kind, "x-amzn-RequestId": "BENCH", "Content-Length": str(len(content))}
    return AWSResponse(url, 200, headers, _Body(content))


def answer_everything(queries: Mapping[str, bytes]) -> list[bytes]:
    """From now on no request of this process leaves it; DynamoDB answers {} or, for an operation in `queries`, that.

    A key of `queries` is an operation ("Query"), or that of one table ("Query bench-registry"); the first that fits is
    taken. Returns the growing list that the body of each PutItem is kept in as long as it is shorter than one entry.
    """
    puts: list[bytes] = []
    answers = [(*asked.partition(" ")[::2], answer) for asked, answer in queries.items()]

    def answer_to(operation: str, body: bytes) -> bytes:
        fits = (answer for asked, table, answer in answers if asked == operation and table.encode() in body)
        return next(fits, b"{}")

    def send(_session: URLLib3Session, request: Any) -> AWSResponse:
        operation = request.headers.get("X-Amz-Target", b"").decode().partition(".")[2]
        if operation == "PutItem" and not puts:
            puts.append(request.body)
        return response(request.url, answer_to(operation, request.body))

    URLLib3Session.send = send
    return puts


def answer_mail() -> None:
    """From now on SES takes every message of this process and sends none; other requests go where they go."""
    original = URLLib3Session.send

    def send(session: URLLib3Session, request: Any) -> Any:
        if "://email." in request.url:
            return response(request.url, _SES, "application/json")
        return original(session, request)

    URLLib3Session.send = send
