"""The transformer learner of a simulation: trained and sampled by the code that trains the embedded model.

Every generation is a new model, with random weights or with those of a trained model to start from, always
the same one, as Shumailov et al. (2024) did. It is saved as a scorer's folder and loaded again, so
that what is sampled is to the bit what is scored, and what `wellspring tails score` will load. This module
imports torch: import it where training happens.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from wellspring.signals.collapse.collapse_metrics import HeldOutScores
from wellspring.signals.collapse.corpus_split import CorpusSplit, SplitText, drawn
from wellspring.signals.collapse.generation_text import Rows, TrainingSet
from wellspring.signals.collapse.token_words import TokenWords
from wellspring.signals.lm.model_card import save
from wellspring.signals.lm.model_folder import model_folder
from wellspring.signals.lm.sampling import ROWS, sample
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.training import Recipe, going_on_from, train_on_rows
from wellspring.signals.lm.training_text import BOS, epoch_rows, train_tokenizer
from wellspring.signals.stats.counter_draws import uniforms
from wellspring.signals.stats.hashing import stable_hash

ROW_TOKENS = 200
PASSAGE = 100
"""Tokens of a passage: half a row. With short ones, of a dozen words each, a model lost 9.5 points of the
tail benchmark in a generation, with these 7.1 and 7.8 (one seed, standard error 1.7)."""
RECIPE = Recipe(layers=3, width=128, heads=2, context=ROW_TOKENS, vocabulary=4096, rows_per_step=4)
EPOCHS = 4
EPOCHS_FROM_START = 2
"""A model that can read already needs less, and forgets more by more."""
TEST_ROWS = 200
"""Held-out rows that a model is scored on, at most."""


class TransformerModel:
    """A trained model as a scorer, with the folder that it lies in."""

    def __init__(self, scorer: Scorer, folder: Path) -> None:
        self.scorer = scorer
        self.folder = folder

    def sample(self, rows: int, tokens: int, key: str) -> Rows:
        """Text drawn at temperature 1 by `signals.lm.sampling`."""
        seed = stable_hash(key, "simulation")
        parts = [
            sample(self.scorer, range(first, first + ROWS), seed, tokens) for first in range(0, rows, ROWS)
        ]
        return np.concatenate(parts)[:rows]


class TransformerLearner:
    """Transformers of one seed's text. `recursive_training.Learner` says what each member is."""

    passage = PASSAGE
    measured_share = 0.8
    """The same number of tokens may be fewer words."""

    def __init__(
        self,
        split: CorpusSplit,
        seed: int,
        tokenizer: Tokenizer,
        recipe: Recipe,
        folder: Path,
        keep: Path | None,
    ) -> None:
        """Args:
        tokenizer: trained on the pool's text, or of the model that the recipe starts from.
        folder: for models at work; keep: for models that stay, as REGIME/SEED/GENERATION.
        """
        self._tokenizer, self._recipe, self._folder, self._keep = tokenizer, recipe, folder, keep
        bos = tokenizer.token_to_id(BOS)
        if bos is None:
            raise ValueError(f"the tokenizer has no {BOS}")
        self._bos = bos
        self._words = TokenWords(tokenizer)
        self.real = _rows(tokenizer, drawn(split.pool, split.words, seed))
        self._words.words(self.real)
        known = len(self._words)
        self._tuning = _rows(tokenizer, split.tuning)
        test = _rows(tokenizer, split.test)[:TEST_ROWS]
        self._test = test
        self._test_words = self._words.words(test)
        self.held_out = np.where(self._test_words.types < known, self._test_words.types, -1)
        self.unknown = float((self.held_out < 0).mean())
        self._known = known
        self._first: TransformerModel | None = None

    def fit(self, training: TrainingSet, seed: int, regime: str, generation: int) -> TransformerModel:
        """A new model; its random weights and the order of its text are decided by seed and generation.

        Generation 0 is the same under all regimes and is trained once.
        """
        if generation == 0 and self._first is not None:
            self._kept(self._first.folder, regime, seed, generation)
            return self._first
        tokens = sum(round(float(each.weights.sum()) * each.rows.shape[1]) for each in training)
        key = f"{seed}/{generation}"
        recipe = msgspec.structs.replace(
            self._recipe,
            tokens=(EPOCHS if self._recipe.start is None else EPOCHS_FROM_START) * tokens,
            seed=stable_hash(key, "transformer") % 2**31,
        )
        bos = self._bos
        held_rows = epoch_rows(_named(self._tuning, "tuning"), recipe.context, bos, 0, 0)

        def rows_of(epoch: int) -> NDArray[np.int32]:
            encoded = [
                named
                for number, each in enumerate(training)
                for named in _named(
                    np.repeat(each.rows, _copies(each.weights, f"{key}/{number}/{epoch}"), axis=0),
                    str(number),
                )
            ]
            return epoch_rows(encoded, recipe.context, bos, recipe.seed, epoch)

        model, _ = train_on_rows(rows_of, held_rows, bos, recipe, None, lambda progress: None)
        # A folder of its own for each model: tokenizers and fingerprints are remembered by path.
        folder = self._folder / f"{seed}-{regime}-{generation}"
        save(folder, model, self._tokenizer, recipe.context)
        self._kept(folder, regime, seed, generation)
        fitted = TransformerModel(Scorer.load(str(folder), device="cpu"), folder)
        if generation == 0:
            self._first = fitted
        return fitted

    def types_of(self, rows: Rows) -> NDArray[np.int64]:
        """Words are put together from tokens; the type stands at the first one."""
        words = self._words.words(rows)
        types = np.full(rows.size, -1, dtype=np.int64)
        types[words.first] = words.types
        return types.reshape(rows.shape)

    def real_probabilities(self, scores: HeldOutScores) -> NDArray[np.float64]:
        """What generation 0 gives: a word's probability in its context has no frequency to compare with."""
        return scores.type_probabilities

    def score(self, model: TransformerModel) -> HeldOutScores:
        """On the held-out words: ln p of a word is the sum over its tokens, p(x) the mean of p where x
        stands.
        """
        surprisal = np.concatenate(model.scorer.surprisals(list(self._test))).astype(np.float64)
        summed = np.concatenate([[0.0], np.cumsum(surprisal)])
        words = self._test_words
        log_probabilities = summed[words.first] - summed[words.last]
        known = self.held_out >= 0
        types = self.held_out[known]
        counts = np.bincount(types, minlength=self._known)
        mass = np.bincount(types, np.exp(log_probabilities[known]), self._known)
        return HeldOutScores(log_probabilities, mass / np.maximum(counts, 1))

    def _kept(self, folder: Path, regime: str, seed: int, generation: int) -> None:
        if self._keep is not None:
            shutil.copytree(folder, self._keep / regime / str(seed) / str(generation), dirs_exist_ok=True)


def transformer_learners(
    split: CorpusSplit, keep: Path | None, start: str | None = None, recipe: Recipe = RECIPE
) -> Callable[[CorpusSplit, int], TransformerLearner]:
    """What makes a learner for each seed of a corpus; models at work are removed when the process ends.

    Args:
        start: `reference-en` or the folder of a GPT-2-shaped model, whose weights, shape and tokenizer every
            generation begins with; None: random weights, and a tokenizer of the pool's text.

    Raises:
        OSError: there is no such model to start from.
        ModelError: its name is no folder's.
    """
    folder = tempfile.TemporaryDirectory(prefix="wellspring-simulate-")
    if start is None:
        # The pool alone: a merge that only held-out text knows would be a look at it.
        tokenizer = train_tokenizer((each.text for each in split.pool), recipe.vocabulary)
    else:
        path = str(model_folder(start).path)
        tokenizer = Tokenizer.from_str((Path(path) / "tokenizer.json").read_text(encoding="utf-8"))
        recipe = msgspec.structs.replace(going_on_from(path, recipe), context=ROW_TOKENS)
    return lambda split, seed: TransformerLearner(split, seed, tokenizer, recipe, Path(folder.name), keep)


def _rows(tokenizer: Tokenizer, texts: list[SplitText]) -> Rows:
    """Whole rows of 200 tokens, one text after the other; what is left over is dropped."""
    encodings = tokenizer.encode_batch_fast([each.text for each in texts], add_special_tokens=False)
    ids = np.concatenate([np.array(encoding.ids, dtype=np.int32) for encoding in encodings])
    whole = len(ids) // ROW_TOKENS * ROW_TOKENS
    return ids[:whole].reshape(-1, ROW_TOKENS)


def _named(rows: Rows, name: str) -> list[tuple[str, NDArray[np.int32]]]:
    return [(f"{name}/{number}", row) for number, row in enumerate(rows)]


def _copies(weights: NDArray[np.float64], key: str) -> NDArray[np.int64]:
    """How often each row is seen in an epoch: its weight, on average over epochs."""
    whole = np.floor(weights)
    copies: NDArray[np.int64] = (whole + (uniforms(key, len(weights)) < weights - whole)).astype(np.int64)
    return copies
