"""WeasyPrint, loaded when the first sheet is drawn, and kept from letting half pictures through.

Loading it takes half a second, and most commands draw nothing. It sets Pillow to fill up what a broken
picture lacks, for the whole process. That is undone here before anybody reads a picture: whoever does holds
`pictures`.
"""

from __future__ import annotations

import threading

# Held while a picture is read, and while Pillow's settings are not ours. One at a time also because a
# picture takes up to 200 MB unfolded.
pictures = threading.Lock()


def draw_pdf(html: str) -> bytes:
    """The sheet as a PDF with tags (PDF/UA). Whatever a user wrote reaches no network and no file."""
    with pictures:
        from PIL import ImageFile  # noqa: PLC0415
        from weasyprint import HTML  # noqa: PLC0415
        from weasyprint.urls import URLFetcher  # noqa: PLC0415

        ImageFile.LOAD_TRUNCATED_IMAGES = False
    # Pictures of ours travel inside the sheet.
    fetcher = URLFetcher(allowed_protocols={"data"})
    return bytes(HTML(string=html, url_fetcher=fetcher).write_pdf(pdf_variant="pdf/ua-1"))
