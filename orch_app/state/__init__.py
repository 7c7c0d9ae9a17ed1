"""One flat state class per screen; handlers say who asks, what is done, and what is shown."""
