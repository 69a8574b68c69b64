"""Networks under their published tensor names: what, where from, which licence; finding and loading them."""
