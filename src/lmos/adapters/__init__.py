"""One port family and one vendor library each; only apps choose among them."""
