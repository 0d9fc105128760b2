"""HTTP beside the console: ``/api/v1`` for programs, ``/answer`` for phones, health and metrics for machines."""
