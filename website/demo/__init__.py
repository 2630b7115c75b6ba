"""A believable clinic for the local run: invented houses, people, classes and bookings."""

from website.demo.load import ACCOUNTS, load

__all__ = ["ACCOUNTS", "load"]
