"""Waiting: as long as a busy machine takes, and over as soon as it has come."""

PATIENCE = 60.0
"""Seconds. A test that fails because others kept the processor busy has found nothing."""
