"""Files with rows and columns: their encoding, their delimiter, their damage, and the values of their cells."""
