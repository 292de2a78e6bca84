"""Labels of codes for pages; the same as in documents."""

from geo_service.db.labels import label, labels_of

__all__ = ["label", "labels_of"]
