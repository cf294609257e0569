"""Tests of the purges of the edge."""
