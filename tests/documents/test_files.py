"""Files and rows stay one, whoever is killed when: a real process, a real SIGKILL."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from geo_service.documents.file_store import FileIsGone, FileStore, file_store
from geo_service.documents.kept_documents import file_home
from geo_service.documents.sweep import sweep_files
from geo_service.errors import Unavailable
from geo_service.settings import Settings
from geo_service.worker.tasks import look_for_strays
from tests.documents.papers import add, own, picture
from tests.permits.conftest import Desk
from tests.permits.test_tenancy import OWN, spoken

# Adds papers and takes them out as fast as it can, each in a transaction of its own, and says how far it is.
WRITER = """
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from sqlalchemy.orm import Session
from geo_service.db.database import Database, speak_as
from geo_service.documents.file_store import FileStore
from geo_service.documents.inspect_upload import Paper
from geo_service.documents.kept_documents import add_document, remove_document
from geo_service.identity.caller import Caller
from geo_service.permits.permit import get_permit

app, reference, root = sys.argv[1:]
engine = Database(owner=app, app=app).app_engine()
clerk = Caller(role="clerk", town="06431002", name="Frau Amt")
store, kept = FileStore(Path(root)), []
for number in range(100_000):
    content = number.to_bytes(4, "big") * 50_000
    paper = Paper(name="a.png", media_type="image/png", content=content, sha256=sha256(content).digest())
    with Session(engine) as session, session.begin():
        speak_as(session, actor="clerk", town=clerk.town)
        permit = get_permit(session, reference, caller=clerk)
        if len(kept) > 15:
            remove_document(session, permit, kept.pop(0), caller=clerk, as_of=datetime.now(UTC))
        kept.append(add_document(session, store, permit, paper, "other", caller=clerk, as_of=datetime.now(UTC)).document_id)
    print(number, flush=True)
"""


def rows(desk: Desk) -> dict[str, bytes]:
    with spoken(desk, OWN) as session:
        found = session.execute(
            text("SELECT document_id, sha256 FROM case_document WHERE removed_at IS NULL")
        )
        return {str(row.document_id): bytes(row.sha256) for row in found}


def sweep(desk: Desk, *, older_than_s: float = 0.0) -> int:
    with spoken(desk, {"actor": "operator"}) as session:
        return sweep_files(session, file_store(desk.app.state.settings), older_than_s=older_than_s)


def on_disk(desk: Desk) -> dict[str, Path]:
    return {path.name: path for path in file_store(desk.app.state.settings).root.glob("??/*")}


def test_a_killed_writer_leaves_nothing_half(desk: Desk) -> None:
    case = desk.file()
    root = file_store(desk.app.state.settings).root
    for _ in range(3):
        arguments = [sys.executable, "-c", WRITER, desk.database.app, case["reference"], str(root)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as writer:
            assert writer.stdout is not None
            for _line in range(5):
                assert writer.stdout.readline(), "the writer ended by itself"
            time.sleep(random.random() / 10)
            os.kill(writer.pid, signal.SIGKILL)
        _wait_until_nobody_writes(desk)
        named = rows(desk)
        assert len(named) >= 5
        for file_id, checksum in named.items():  # what was said to be there is there, whole
            assert sha256(on_disk(desk)[file_id].read_bytes()).digest() == checksum
        sweep(desk)
        assert set(on_disk(desk)) == set(named)
        with spoken(desk, OWN) as session:  # room for the next round
            session.execute(
                text(
                    "UPDATE case_document SET removed_at = now(), removed_by = 'x', removed_by_role = 'x' WHERE removed_at IS NULL"
                )
            )
            session.commit()


def _wait_until_nobody_writes(desk: Desk) -> None:
    """The server of a killed client rolls back when it notices."""
    for _ in range(100):
        with spoken(desk, OWN) as session:
            others = (
                "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND pid <> pg_backend_pid()"
            )
            if session.execute(text(others)).scalar_one() == 0:
                return
        time.sleep(0.05)
    pytest.fail("a transaction is still open")


def test_what_is_young_is_not_swept(desk: Desk) -> None:
    """A request that has stored its file and not yet committed its row keeps it."""
    case = desk.file()
    add(desk, case, picture(), "a.png")
    store = file_store(desk.app.state.settings)
    with spoken(desk, OWN) as session:
        stray = store.keep(b"no row yet", file_home(session))
    half = store.root / "00" / f"{uuid4()}-12345678.part"
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(b"half")
    assert look_for_strays(desk.app.state.settings, desk.app.state.engine) == 0
    assert half.exists()
    assert str(stray) in on_disk(desk)
    two_hours_ago = time.time() - 7200
    for path in on_disk(desk).values():
        os.utime(path, (two_hours_ago, two_hours_ago))
    assert look_for_strays(desk.app.state.settings, desk.app.state.engine) == 1
    assert not half.exists()
    assert set(on_disk(desk)) == set(rows(desk))


def test_another_databases_folder_is_neither_swept_nor_written(desk: Desk) -> None:
    case = desk.file()
    added = add(desk, case, picture(), "a.png").json()
    mark = file_store(desk.app.state.settings).root / "database"
    ours = mark.read_text()
    mark.write_text(str(uuid4()))
    with spoken(desk, OWN) as session:
        session.execute(
            text("UPDATE case_document SET removed_at = now(), removed_by = 'x', removed_by_role = 'x'")
        )
        session.commit()
    assert sweep(desk) == 0
    assert added["id"] in on_disk(desk)
    answer = add(desk, case, picture(), "a.png")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    mark.write_text(ours)
    assert sweep(desk) == 1


def test_a_disk_that_refuses_is_503_and_no_row(desk: Desk) -> None:
    case = desk.file()
    root = file_store(desk.app.state.settings).root
    root.parent.mkdir(exist_ok=True)
    root.write_text("a file where the folder should be")
    answer = add(desk, case, picture(), "a.png")
    assert answer.status_code == 503, answer.text
    root.unlink()
    assert rows(desk) == {}
    assert add(desk, case, picture(), "a.png").status_code == 201


def test_files_are_the_services_alone_and_no_address_leads_to_them(desk: Desk) -> None:
    case = desk.file()
    added = add(desk, case, picture(), "a.png").json()
    path = on_disk(desk)[added["id"]]
    assert path.stat().st_mode & 0o777 == 0o600
    assert all(folder.stat().st_mode & 0o077 == 0 for folder in (path.parent, path.parent.parent))
    for address in (
        f"/static/../files/{path.parent.name}/{path.name}",
        f"/files/{path.parent.name}/{path.name}",
    ):
        assert desk.client.get(address, headers=own(case)).status_code == 404


def test_what_is_not_there_says_so(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    with pytest.raises(FileIsGone):
        store.read(uuid4(), b"")
    store.remove(uuid4())
    assert list(store.older_than(0)) == []
    home = uuid4()
    kept = store.keep(b"x", home)
    assert store.read(kept, sha256(b"x").digest()) == b"x"
    with pytest.raises(Unavailable):
        store.keep(b"x", uuid4())


def test_the_folder_lies_in_the_home(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    home = Path("/tmp") / tmp_path.name  # pytest's own folder is closed to the database's user
    assert file_store(Settings(_env_file=None, home=home)).root == home / "files"
