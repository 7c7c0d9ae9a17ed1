"""Choices that only the moment knows: `x-choices` of a schema, answered by the product itself or by another system."""
