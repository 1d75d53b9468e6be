"""LMOS: an operating system for AI agents."""
