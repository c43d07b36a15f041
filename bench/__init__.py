"""What feedserver costs, measured beside what a user would pick instead (`make bench`)."""
