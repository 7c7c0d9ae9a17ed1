"""People: users, roles, sign-in, browser sessions, access and refresh tokens."""
