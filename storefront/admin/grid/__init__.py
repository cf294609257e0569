"""The grid: price, stock, SKU and status of many variants, edited in place and saved as one change set."""
