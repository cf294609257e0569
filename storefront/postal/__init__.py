"""Postal addresses: which parts a country's addresses have, which values are valid, and the names of countries."""
