"""What `make bench` runs: figures are ratios of things measured in the same run, or name their unit."""
