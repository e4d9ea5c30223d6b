"""Drawing training sets: recipes, weights, counts, rare words."""
