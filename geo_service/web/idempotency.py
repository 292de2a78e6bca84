"""`Idempotency-Key`: a POST that is repeated gets the first answer, and the deed is done once.

The answer is written in the transaction of the deed, so after a crash both exist or neither; a lock of the
transaction keeps a second one out while the first is still running.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

import orjson
from fastapi import Depends, Request, Response
from sqlalchemy.orm import Session

from geo_service.errors import Invalid, Malformed, Rejected
from geo_service.identity.caller import Caller
from geo_service.sql.loader import statements, text

_MAX_KEY = 255


class StillRunning(Rejected):
    """The first request with this Idempotency-Key is still running; repeat in a moment."""


class OtherBody(Invalid):
    """The Idempotency-Key was used already, with another body."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnceOnly:
    """One POST with its key; `key` None when the client sent none. body_hash covers the token too."""

    path: str
    key: str | None
    body_hash: bytes

    def find_answer(self, session: Session, caller: Caller) -> Response | None:
        """The kept answer to the same request, or None to go on. Raises StillRunning or OtherBody."""
        if self.key is None:
            return None
        asked = self._names(caller)
        if not session.execute(text(statements("idempotency")["try_lock"]), asked).scalar_one():
            raise StillRunning(headers={"Retry-After": "1"})
        row = session.execute(text(statements("idempotency")["kept_answer"]), asked).one_or_none()
        if row is None:
            return None
        if bytes(row.body_hash) != self.body_hash:
            raise OtherBody()
        return Response(
            bytes(row.answer), status_code=row.status, headers={**row.headers, "Idempotent-Replayed": "true"}
        )

    def keep(self, session: Session, caller: Caller, answer: Response) -> Response:
        """Keep `answer` for 24 hours, and hand it on."""
        if self.key is not None:
            headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
            session.execute(
                text(statements("idempotency")["keep_answer"]),
                {
                    **self._names(caller), "body_hash": self.body_hash, "status": answer.status_code,
                    "headers": orjson.dumps(headers).decode(), "answer": bytes(answer.body),
                },
            )  # fmt: skip
        return answer

    def _names(self, caller: Caller) -> dict[str, object]:
        # The public is one caller, not one for each address: a phone changes its address between two tries.
        who = caller.key_id or f"{caller.role} {caller.town or ''}"
        key_hash = hashlib.sha256((self.key or "").encode()).digest()
        return {
            "path": self.path,
            "caller": who,
            "key": key_hash,
            "secret": hashlib.sha256(f"answer {self.key}".encode()).hexdigest(),
            "lock": f"{self.path} {who} {key_hash.hex()}",
        }


async def read_once_only(request: Request) -> OnceOnly:
    """The key of this request, if any. Raises Malformed for one that is empty or too long."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= _MAX_KEY:
        raise Malformed(f"An Idempotency-Key has 1 to {_MAX_KEY} characters.")
    token = request.headers.get("x-permit-token") or request.query_params.get("token") or ""
    body: bytes = request.state.body  # kept by BodyLimit
    body_hash = hashlib.sha256(body + b"\n" + token.encode()).digest()
    return OnceOnly(path=request.url.path, key=key, body_hash=body_hash)


Once = Annotated[OnceOnly, Depends(read_once_only)]
