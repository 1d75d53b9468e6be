"""What goes over wires, as machines and readers without I/O: bytes or dicts in, events out."""
