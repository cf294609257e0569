"""Work that is kept in the database until it has succeeded."""
