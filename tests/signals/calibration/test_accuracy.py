import msgspec
import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, precision_score, recall_score, roc_auc_score

from wellspring.schemas.accuracy import Judged
from wellspring.signals.calibration.accuracy import accuracy, mean_over_collections, precision_at


def judged(n: int = 400, seed: int = 0) -> list[Judged]:
    generator = np.random.default_rng(seed)
    made = []
    for i in range(n):
        synthetic = bool(i % 2)
        probability = float(1 / (1 + np.exp(-generator.normal(1.2 if synthetic else -1.2, 1.5))))
        made.append(
            Judged(
                id=str(i),
                prompt=str(i // 2),
                source=f"{'ab'[i // 200 % 2]}/x",
                collection="ab"[i // 200 % 2],
                domain="news",
                generator=("gpt-4" if i % 4 == 1 else "claude") if synthetic else None,
                words=100 if i % 8 < 2 else 200,
                synthetic=synthetic,
                probability=probability,
                flagged=probability > 0.8,
            )
        )
    return made


def arrays(sample):
    return (
        np.array([each.synthetic for each in sample]),
        np.array([each.probability for each in sample]),
        np.array([each.flagged for each in sample]),
    )


def test_figures_are_sklearns():
    sample = judged()
    labels, probabilities, flagged = arrays(sample)
    result = accuracy(sample).judged
    assert result.roc_auc.value == pytest.approx(roc_auc_score(labels, probabilities))
    assert result.verdict.recall.value == pytest.approx(recall_score(labels, flagged))
    assert result.verdict.precision["50%"] == pytest.approx(precision_score(labels, flagged))
    assert result.at_half.precision["50%"] == pytest.approx(precision_score(labels, probabilities >= 0.5))
    assert result.brier == pytest.approx(brier_score_loss(labels, probabilities))
    for figure in (result.roc_auc, result.verdict.recall, result.verdict.false_positive_rate):
        assert figure.low < figure.value < figure.high


def test_precision_falls_with_the_share_of_synthetic_text():
    assert precision_at(0.79, 0.129, 0.5) == pytest.approx(0.86, abs=0.005)
    assert precision_at(0.79, 0.129, 0.01) == pytest.approx(0.058, abs=0.002)
    assert precision_at(0.0, 0.0, 0.5) is None


def test_abstentions_count_once_not_at_all_and_once_as_a_half():
    sample = judged()
    silent = [
        msgspec.structs.replace(each, probability=None, flagged=False) if i < 100 else each
        for i, each in enumerate(sample)
    ]
    result = accuracy(silent)
    assert (result.documents, result.abstained) == (400, 100)
    labels, probabilities, _ = arrays(sample)
    assert result.judged.roc_auc.value == pytest.approx(roc_auc_score(labels[100:], probabilities[100:]))
    counted = np.where(np.arange(400) < 100, 0.5, probabilities)
    assert result.all.roc_auc.value == pytest.approx(roc_auc_score(labels, counted))
    assert result.all.verdict.recall.value < result.judged.verdict.recall.value


def test_groups_hold_their_own_documents_and_a_generator_is_set_against_its_sources_humans():
    sample = judged()
    by = accuracy(sample).by
    assert set(by["collection"]) == {"a", "b"}
    assert set(by["length"]) == {"75-149 words", "150-299 words"}
    one = by["generator"]["gpt-4"]
    assert one.synthetic == sum(each.generator == "gpt-4" for each in sample)
    assert one.human == 200
    labels, probabilities, _ = arrays([each for each in sample if each.source == "a/x"])
    assert by["source"]["a/x"].roc_auc.value == pytest.approx(roc_auc_score(labels, probabilities))


@pytest.mark.parametrize("synthetic", [True, False])
def test_one_label_gives_what_can_be_said_of_it(synthetic):
    sample = judged()
    result = accuracy([each for each in sample if each.synthetic == synthetic])
    whole = accuracy(sample).judged
    figures = result.judged
    assert (figures.human, figures.synthetic) == ((0, 200) if synthetic else (200, 0))
    assert (figures.roc_auc, figures.calibration_error, figures.tpr_at_1) == (None, None, None)
    for of_one, of_both in ((figures.verdict, whole.verdict), (figures.at_half, whole.at_half)):
        assert of_one.recall == (of_both.recall if synthetic else None)
        assert of_one.false_positive_rate == (None if synthetic else of_both.false_positive_rate)
        assert set(of_one.precision.values()) == {None}
    assert result.curves["roc"] == []
    with pytest.raises(ValueError, match="no documents"):
        accuracy([])


def test_means_over_collections_may_leave_one_out():
    result = accuracy(judged())
    a, b = (result.by["collection"][name].roc_auc.value for name in "ab")
    assert mean_over_collections(result)["roc_auc"] == pytest.approx((a + b) / 2)
    assert mean_over_collections(result, without="a")["roc_auc"] == pytest.approx(b)


def test_the_roc_curve_keeps_its_area():
    sample = judged(2000)
    x, y = np.array(accuracy(sample).curves["roc"]).T
    labels, probabilities, _ = arrays(sample)
    assert np.trapezoid(y, x) == pytest.approx(roc_auc_score(labels, probabilities), abs=0.01)
    assert (np.diff(x) >= 0).all()
