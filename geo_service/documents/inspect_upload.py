"""What a file really is, read from its bytes: PDF, PNG or JPEG that opens and says nothing else of itself."""

from __future__ import annotations

import io
import mimetypes
from dataclasses import dataclass
from hashlib import sha256

import filetype

from geo_service.documents.file_name import extension_of, shown_name
from geo_service.documents.sheet_library import pictures
from geo_service.errors import FieldFault, Invalid, TooLarge

MAX_FILE_BYTES = 10 * 1024 * 1024
# A picture of 10 MB may unfold to gigabytes: what a phone takes fits, a bomb does not.
MAX_PIXELS = 50_000_000
EXTENSIONS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
_PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG"}
_SAME = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "application/x-pdf": "application/pdf"}
_UNSAID = ("", "application/octet-stream", "binary/octet-stream")


class FileTooLarge(TooLarge):
    """A file may have at most 10 MB."""


class UnusableFile(Invalid):
    """The file cannot be used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Paper:
    """A file that is what it says: the cleaned name, our finding of its type, and its bytes."""

    name: str
    media_type: str
    content: bytes
    sha256: bytes


def inspect_upload(content: bytes, *, name: str, declared: str) -> Paper:
    """Accept or refuse a file. name, declared: its name and media type as the client states them.

    Raises FileTooLarge (413) or UnusableFile (422), which says what to do.
    """
    if len(content) > MAX_FILE_BYTES:
        raise FileTooLarge()
    if not content:
        raise _unusable("The file is empty.")
    media_type = filetype.guess_mime(content) or ""
    if media_type not in EXTENSIONS:
        raise _unusable("Only PDF, PNG and JPEG files can be added.")
    _refuse_lies(media_type, name, declared)
    if media_type == "application/pdf":
        _open_pdf(content)
    else:
        _open_picture(content, media_type)
    return Paper(
        name=shown_name(name, EXTENSIONS[media_type]),
        media_type=media_type,
        content=content,
        sha256=sha256(content).digest(),
    )


def _unusable(detail: str) -> UnusableFile:
    return UnusableFile(detail, errors=[FieldFault("/file", detail)])


def _refuse_lies(media_type: str, name: str, declared: str) -> None:
    said = declared.partition(";")[0].strip().lower()
    said = _SAME.get(said, said)
    if said not in _UNSAID and said != media_type:
        raise _unusable(f"The file was sent as {said[:80]}, but it is {media_type}.")
    extension = extension_of(name)
    by_name = mimetypes.guess_type(f"a{extension}", strict=False)[0]
    if by_name is not None and by_name != media_type:
        raise _unusable(f"The file is named {extension}, but it is {media_type}.")


def _open_pdf(content: bytes) -> None:
    import pypdf  # noqa: PLC0415 - as WeasyPrint: who only serves maps need not hold it

    try:
        reader = pypdf.PdfReader(io.BytesIO(content), strict=False)
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = 0 if locked else reader.get_num_pages()
    except Exception as error:  # a parser meets whatever anybody sends: each way to fail is one sentence
        raise _unusable("The PDF cannot be opened; save it again.") from error
    if locked:
        raise _unusable("The PDF is locked with a password; save it without one.")
    if pages < 1:
        raise _unusable("The PDF has no pages.")


def _open_picture(content: bytes, media_type: str) -> None:
    from PIL import Image  # noqa: PLC0415 - as above

    try:
        with pictures, Image.open(io.BytesIO(content), formats=[_PICTURES[media_type]]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            picture.load()
    except Image.DecompressionBombError as error:
        detail = f"The picture is too large: at most {MAX_PIXELS // 1_000_000} million pixels."
        raise _unusable(detail) from error
    except Exception as error:  # as above
        raise _unusable("The picture cannot be opened; save it again.") from error
