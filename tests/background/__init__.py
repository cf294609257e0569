"""Tests of background work that the database keeps."""
