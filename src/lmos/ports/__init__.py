"""What LMOS needs from outside, stated as Protocols."""
