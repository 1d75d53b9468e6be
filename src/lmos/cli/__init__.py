"""`lmos …`: what people type. Commands import what they need when they run, so `--help` is quick."""
