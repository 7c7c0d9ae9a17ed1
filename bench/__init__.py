"""Measurements of the product on the machine at hand; ratios count, seconds do not."""
