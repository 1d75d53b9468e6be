"""One file per process: chooses adapters, starts loops."""
