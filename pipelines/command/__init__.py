"""What every command needs: arguments, outputs, progress, ends."""
