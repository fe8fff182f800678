"""Which counts are out of line: thresholds of public-health surveillance, and the package's own."""
