"""The product's domains; import-linter holds which may know which."""
