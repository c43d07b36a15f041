"""`feedserver doctor`: looks at everything that an operator can get wrong."""
