"""What `make bench` runs. Every figure is a ratio of two things measured in the same run, or says its machine-bound unit."""
