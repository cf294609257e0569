"""Changes of many products: planned, shown, applied in batches, undone. Every import is one."""
