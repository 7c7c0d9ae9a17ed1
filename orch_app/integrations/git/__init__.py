"""Git: repositories of other servers, by the git program."""
