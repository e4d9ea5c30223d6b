"""The flags of each job, a module per job: all that `--help` and shell completion need, and nothing heavy."""
