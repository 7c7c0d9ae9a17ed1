"""Docker engines for our modules: the way to one, its lists, logs and containers. No code of the product."""
