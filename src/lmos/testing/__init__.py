"""Twins of the ports, for tests of services and of your own code."""
