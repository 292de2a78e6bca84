"""A half picture is refused while the library that would let it through is being loaded, and afterwards."""

from __future__ import annotations

import subprocess
import sys

# A process of its own, as the library is loaded once in each. The module of Pillow is watched: in the moment its
# setting is changed to let half pictures through, another thread checks one.
PROGRAM = """
import threading
from types import ModuleType
from PIL import ImageFile
from geo_service.documents.inspect_upload import UnusableFile, inspect_upload
from geo_service.documents.sheet_library import draw_pdf
from tests.documents.papers import picture

whole = picture("JPEG", size=(400, 400))
half = whole[: len(whole) // 2]
told = []

def check():
    try:
        inspect_upload(half, name="a.jpg", declared="image/jpeg")
        told.append("accepted")
    except UnusableFile:
        told.append("refused")

checks = []

class Watched(ModuleType):
    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name == "LOAD_TRUNCATED_IMAGES" and value:
            checks.append(threading.Thread(target=check))
            checks[-1].start()
            checks[-1].join(1)

ImageFile.__class__ = Watched
assert draw_pdf("<p>x</p>").startswith(b"%PDF")
assert checks, "the library no longer changes the setting: this guard can go"
for one in checks:
    one.join()
check()
print(*told)
"""


def test_a_half_picture_is_refused_in_the_moment_the_library_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["refused", "refused"]
