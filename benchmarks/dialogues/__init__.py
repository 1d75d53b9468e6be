"""Conversations in English and German: which Agent each Turn of them belongs to."""
