"""Tests of the merchant's own pages."""
