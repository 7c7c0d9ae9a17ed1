"""Who asks, what a permission is called, and whether it is granted."""
