"""Live stock: one hub in each process hears what changes and tells every open page that shows it."""
