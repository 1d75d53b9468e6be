"""CLINC150 through a running LMOS."""
