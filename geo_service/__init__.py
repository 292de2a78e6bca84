"""Digitaler Straßenraum: the street as a shared, conflict-checked space-time resource."""

__version__ = "0.1.0"
