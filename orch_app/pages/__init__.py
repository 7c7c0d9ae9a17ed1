"""One page = one function: layout of components bound to the vars and handlers of one state."""
