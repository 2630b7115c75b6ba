"""Loads the Celery application with Django, so that tasks are bound to it in every process."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
