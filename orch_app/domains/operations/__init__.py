"""The product looking at itself: health of its parts."""
