"""What every Beam pipeline here needs: coders, merging, metrics, shards."""
