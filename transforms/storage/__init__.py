"""Files here and in stores: found, opened, written whole, claimed."""
