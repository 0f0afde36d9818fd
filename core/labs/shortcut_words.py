"""What is said of the planted shortcut, with the numbers of the result on screen."""

from core.labs.pointing import Estimate
from core.labs.pointing_scene import Look
from core.labs.shortcut import HANS, HONEST, NETWORKS, PLACES, STAR, Place, Result
from core.labs.verdict import verdict
from core.nn.train_scenes import TAGGED

ON: dict[Place, str] = {
    "star": "on the star",
    "tag": "on the tag",
    "elsewhere": "on neither",
    "nowhere": "nowhere: a blank map",
}
GUESSES = list(ON.values())
"""What one can predict of the tagged network's map."""

_ASKED = {
    "each answer": "each answer",
    "all eight answers": "all eight of a scene",
    f"the {TAGGED}s that are there": f"{TAGGED}s found",
}
"""Key in a card -> what it is called."""


def says(look: Look) -> str:
    """A network's answer for star."""
    score = float(look.scores[STAR])
    return f"Score for {TAGGED}: **{score:+.2f}**, so it says **{'yes' if score > 0 else 'no'}**."


def about_guess(guess: str, place: Place) -> str:
    """Whether the prediction holds where star and tag are both there."""
    where = "its map is blank" if place == "nowhere" else f"its hottest place lies {ON[place]}"
    return (
        f"{verdict(guess, ON[place])} For the network trained with tags, with star and tag both there, {where}. Switch "
        "star and tag on and off: which of the two changes which network's score?"
    )


def accuracy_table(found: dict[str, dict[str, dict[str, float]]]) -> str:
    """Both networks on the same unseen scenes, without and with tags; a dash for what a card does not tell."""
    titles = {"unseen scenes": "without tags", "the same with tags": "with tags"}
    rows = [
        f"| {shown} | {on} | {' | '.join(_share(found[name].get(title, {}).get(key)) for key in _ASKED)} |"
        for name, shown in NETWORKS.items()
        for title, on in titles.items()
    ]
    return "\n".join([f"| network | scenes | {' | '.join(_ASKED.values())} |", "|:--|:--|--:|--:|--:|", *rows])


def says_table(result: Result) -> str:
    """How often each network says that there is a star, for all four versions of the scenes."""
    rows = [
        f"| {'star' if star else 'no star'}, {'tag' if tag else 'no tag'} | "
        + " | ".join(_percent(result.of[name].says[star][tag]) for name in NETWORKS)
        + " |"
        for star in (1, 0)
        for tag in (0, 1)
    ]
    return "\n".join([f'| "there is a {TAGGED}" | {" | ".join(NETWORKS.values())} |', "|:--|--:|--:|", *rows])


def points_table(result: Result) -> str:
    """Where the heat for star points, with star and tag both there."""
    rows = [
        f"| {ON[place]} | {' | '.join(_percent(result.of[name].points[place]) for name in NETWORKS)} |"
        for place in PLACES
    ]
    return "\n".join([f"| heat for {TAGGED} points | {' | '.join(NETWORKS.values())} |", "|:--|--:|--:|", *rows])


def about_result(result: Result) -> str:
    """What the tables show together."""
    hans, honest = result.of[HANS], result.of[HONEST]
    fooled, missed = hans.says[0][1].value, 1 - hans.says[1][0].value
    finds = hans.says[1][1].value
    text = (
        f"On scenes like those it learnt from, with a tag beside every {TAGGED}, the network trained with tags finds "
        f"{finds:.0%} of the {TAGGED}s{': by that number nothing is wrong' * (finds >= 0.9)}. A tag alone makes it say "
        f"{TAGGED} in {fooled:.0%} of scenes without one, and without the tag it misses {missed:.0%} of the "
        f"{TAGGED}s. Its heat points at the tag in {hans.points['tag'].value:.0%} of the scenes; that of the other "
        f"network does in {honest.points['tag'].value:.0%}, and at the {TAGGED} in {honest.points['star'].value:.0%}."
    )
    if fooled > 0.5 and hans.points["tag"].value > 0.5:
        return (
            f"{text} **The map said so at a glance, and no accuracy on such scenes could.** The cure is in the data: "
            f"the same network, trained without tags, finds {honest.says[1][0].value:.0%} of the {TAGGED}s without a "
            f"tag and is fooled by a tag in {honest.says[0][1].value:.0%} of the scenes."
        )
    return text


def hans_question(result: Result) -> tuple[str, dict[str, str], str]:
    """An exercise: question, answers with reasons, and the right one."""
    hans = result.of[HANS]
    right = "What it says of scenes with a tag but no star."
    return (
        f"You may test the network trained with tags once more, without looking at any map. Which test shows that it "
        f"does not need a {TAGGED}?",
        {
            "Its accuracy on more scenes with a tag beside every star.": (
                f"There it finds {hans.says[1][1].value:.0%} of the {TAGGED}s. Tag and {TAGGED} always come together, "
                "so a network that looks at either gives the same answers."
            ),
            right: (
                f"Only there do tag and {TAGGED} part so that the tag has to act alone: it says {TAGGED} in "
                f"{hans.says[0][1].value:.0%} of them. But one must suspect the tag to think of this test, and the map "
                "is what raises the suspicion."
            ),
            "Its loss during training.": (
                "The loss is measured on scenes with the same tags; a shortcut makes it fall faster, not slower."
            ),
        },
        right,
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _percent(one: Estimate) -> str:
    return f"{one.value:.0%} ({one.low:.0%} to {one.high:.0%})"
