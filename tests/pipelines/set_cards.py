"""A card of a small training set."""

from wellspring.schemas.set_card import CardShare, SetCard

CARD = SetCard(
    name="v12",
    description="A set for the tests.",
    created="2026-11-24",
    documents=5,
    tokens=10,
    tokenizer="reference-en",
    shares=[
        CardShare(label="human_verified", planned=0.3, drawn=0.3012),
        CardShare(label="synthetic_known", planned=0.7, drawn=0.6988),
    ],
    expected_synthetic=(0.71, 0.68, 0.74),
    licences={"CC-BY-4.0": 3, "unknown": 2},
    runs=["runs/2026-47"],
    scorer="reference-en@1",
    profile="reference-en",
    anchor="ab" * 32,
    weaknesses=["Its English is all from one site."],
    files={},
)
