"""A road file on this machine, whether it was named by a path or by a web address."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import httpx

from geo_service.errors import BadRoadFile

LONGEST_WAIT_S = 60.0


@contextmanager
def local_file(address: str) -> Iterator[Path]:
    """The file at `address`: a path as it is; an http or https address downloaded, and removed afterwards.

    Raises BadRoadFile if the download fails.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        yield Path(address).expanduser()
        return
    name = PurePosixPath(parts.path).name or "roads"
    with tempfile.TemporaryDirectory(prefix="geo-service-") as folder:
        path = Path(folder) / name
        _download(address, path)
        yield path


def _download(address: str, path: Path) -> None:
    shown = address.partition("?")[0]  # a query may hold a key
    try:
        with (
            httpx.stream("GET", address, follow_redirects=True, timeout=LONGEST_WAIT_S) as answer,
            path.open("wb") as file,
        ):
            if answer.status_code != httpx.codes.OK:
                raise BadRoadFile(f"{shown} answered {answer.status_code} {answer.reason_phrase}.")
            for chunk in answer.iter_bytes():
                file.write(chunk)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BadRoadFile(f"{shown} could not be downloaded: {error or type(error).__name__}") from error
