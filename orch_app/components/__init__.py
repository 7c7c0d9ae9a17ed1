"""Building blocks of the screens: pure functions of their props. They know neither state nor domains."""
