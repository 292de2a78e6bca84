"""Towns to try the service with: generated streets and cases that are marked as demo everywhere."""
