"""What jobs work on and with: hosts, and the connections whose secrets open them."""
