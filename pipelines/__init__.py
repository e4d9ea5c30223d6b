"""The jobs: one file each, read top to bottom."""

import logging

# Apache Beam without its cloud extra warns of that whenever it is imported; it is no news to a person
# who works on local files, and who is owed one line when an argument is wrong.
logging.getLogger().addFilter(lambda record: not record.getMessage().startswith("apitools not found"))
