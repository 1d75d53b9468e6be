"""The embedded API server measured, beside a real one where there is one."""
