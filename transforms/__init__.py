"""How Beam applies it, and how files are read and written; as little logic as possible."""
