"""`python -m geo_service` is the command line."""

from geo_service.cli import main

main()
