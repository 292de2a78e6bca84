"""Real files of each kind, and what a client does with them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pypdf
from httpx import Response
from PIL import Image

from tests.permits.conftest import Desk


def pdf(password: str | None = None, pages: int = 1) -> bytes:
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=595, height=842)
    if password is not None:
        writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-128")
    kept = io.BytesIO()
    writer.write(kept)
    return kept.getvalue()


def picture(kind: str = "PNG", size: tuple[int, int] = (3, 2)) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", size, "red").save(kept, kind)
    return kept.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width: int, height: int) -> bytes:
    """A small PNG that unfolds to width × height; its lines are all there."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    squeeze = zlib.compressobj(9)
    line = bytes(1 + 3 * width)
    lines = b"".join(squeeze.compress(line) for _ in range(height)) + squeeze.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def own(receipt: dict[str, Any]) -> dict[str, str]:
    """The applicant's headers."""
    return {"X-Permit-Token": receipt["token"]}


def path_of(receipt: dict[str, Any]) -> str:
    return f"/api/v1/permits/{receipt['reference'] or receipt['permit_id']}/documents"


def add(
    desk: Desk,
    receipt: dict[str, Any],
    content: bytes,
    name: str = "plan.pdf",
    declared: str = "application/octet-stream",
    headers: dict[str, str] | None = None,
    **form: str,
) -> Response:
    answer: Response = desk.client.post(
        path_of(receipt),
        files={"file": (name, content, declared)},
        data=form,
        headers=own(receipt) if headers is None else headers,
    )
    return answer


def papers(desk: Desk, receipt: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer = desk.client.get(path_of(receipt), headers=headers or own(receipt))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
