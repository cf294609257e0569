"""The lesson of docs/lesson.md: each fault of the naive versions, and the same scenario with our rooms."""
