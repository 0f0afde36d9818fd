"""Widgets and pictures of the page on scenes; its state is in the URL under names that begin with ``o_``."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.figures import pointing as figures
from core.figures.pointing import Marked
from core.labs import pointing, pointing_scene, pointing_words, shortcut, shortcut_words
from core.labs.pointing_scene import LAYER, MOST_THINGS, NETWORK, Look
from core.nn import scenes
from core.nn.scenes import CLASSES, Scene
from core.nn.stages import StageRow
from pages.ui import cached, exercise, piecewise, share, show
from pages.ui.components.arrange import Move, show_scene

FIRST, MOST_SEED = 2, 9999
"""The scene that is shown first, and the last one."""
_AT, _SHOWN = "_o_at", "_o_scene"


@dataclass(frozen=True)
class Chosen:
    """A scene as its seed draws it, and what of it is explained."""

    seed: int
    scene: Scene
    kind: str
    method: str
    layer: str

    @property
    def name(self) -> str:
        """Of the scene, apart from where its objects were moved to."""
        return f"{self.seed} {len(self.scene.things)}"


def choose_scene() -> Chosen:
    """Scene, class, method and layer."""
    first, second, third = st.columns(3, gap="large")
    with first:
        seed = int(share.number("Scene number (seed)", 0, MOST_SEED, FIRST, 1, "o_seed"))
        st.button("Another scene", key="o_another", on_click=_next, args=("o_seed", seed), icon=":material/shuffle:")
    with second:
        count = int(share.slider("Objects", 1, MOST_THINGS, 2, 1, "o_count"))
        scene = cached.run(pointing_scene.start, seed, count)
        there = [thing.kind for thing in scene.things]
        _follow(seed, scene)
        kinds = [*there, *(kind for kind in CLASSES if kind not in there)]
        kind = share.select("Heat for the class", kinds, kinds[0], _saying(there), "o_kind")
    with third:
        titles = pointing_scene.TITLES
        method = share.select("Method", list(titles), "gradcam", titles.__getitem__, "o_method")
        layer = _choose_layer("o_layer")
    return Chosen(seed, scene, kind, method, layer)


@st.fragment
def arrange(chosen: Chosen) -> None:
    """The scene, whose objects can be moved, with what it makes the network say; a move runs only this again."""
    at: tuple[int, ...] = st.session_state.get(_AT, ())
    share.write_numbers("o_at", at)
    scene = pointing_scene.placed(chosen.scene, at)
    asked = NETWORK, scene, chosen.kind, chosen.method, chosen.layer
    look: Look = _look(*asked) if at else cached.run(_look, *asked)  # a place on the way of a drag is not kept
    question = f"**What do you expect?** The hottest place of the map for {chosen.kind} is"
    guess = exercise.predict(question, pointing_words.GUESSES, key="o_guess")
    known = guess is not None
    seen, said = st.columns([4, 3], gap="medium")
    with seen:
        picture = st.container()
        opacity = share.slider("Opacity of the heat", 0, 100, 50, 5, "o_opacity", format="%d %%") / 100
        told = pointing_words.told(look) if known else pointing_words.HELD_BACK
        marked = Marked(look, pointing_words.alt(scene, told), told, heat=known, around=known, opacity=opacity)
        with picture:
            show_scene(marked, key="o_table", scene_key=chosen.name, on_move=lambda move: _moved(chosen, move))
            st.caption(pointing_words.about_marks(chosen.kind))
    with said:
        st.markdown(pointing_words.answers_table(look))
        if guess is not None:
            guess.reveal(pointing_words.about_look(look, guess))
        st.button("Put the objects back", key="o_back", on_click=_put_back, disabled=not at)
    if guess is not None:
        st.subheader("Two numbers for one map")
        st.markdown(
            "**Pointing game**: does the hottest place lie in the object's box? Yes or no. **IoU**, intersection over "
            "union: the area that two boxes have in common, divided by the area that they cover together. One box is "
            "the object's, the other is drawn around the heat. For the map above:"
        )
        exercise.worked_example(pointing_words.overlap_steps(look), key="o_worked")


def choose_trials() -> pointing.Params:
    """How many scenes, which, and at which layer."""
    first, second, third = st.columns(3, gap="large")
    with first:
        count = int(share.slider("Scenes", 50, 500, 100, 25, "o_n"))
    with second:
        seed = int(share.number("Seed of the scenes", 0, MOST_SEED, 0, 1, "o_n_seed"))
    with third:
        layer = _choose_layer("o_n_layer")
    return pointing.Params(count, seed, layer)


def show_trials(params: pointing.Params, guess: exercise.Guess) -> None:
    """Compute all trials, then draw and tell the rates."""
    pieces = [(_trials, params, number) for number in range(params.pieces)]
    if not piecewise.done("Pointing", pieces, "o_trials"):
        return
    result = cached.run(_rates, params)
    guess.reveal(pointing_words.about_rates(result, guess))
    show.figure(
        cached.draw(figures.pointing_chart, _rates, params), figures.rates_alt(result, "pointing"), "o_pointing"
    )
    show.figure(cached.draw(figures.iou_chart, _rates, params), figures.rates_alt(result, "iou"), "o_iou")
    st.markdown(pointing_words.about_methods(result))
    show.notices(pointing_words.about_same(result))
    with st.expander("All numbers, with their intervals"):
        st.markdown(pointing_words.rates_table(result))
    st.caption(pointing_words.about_trials(result))


def choose_starred() -> tuple[Scene, bool, bool]:
    """A scene, and whether its star and a tag are on it."""
    first, second = st.columns(2, gap="large")
    with first:
        seed = int(share.number("Scene number (seed)", 0, MOST_SEED, FIRST, 1, "o_star_seed"))
        st.button(
            "Another scene", key="o_star_next", on_click=_next, args=("o_star_seed", seed), icon=":material/shuffle:"
        )
    with second:
        star = share.toggle("The star is there", True, "o_star")
        tag = share.toggle("The red tag is there", True, "o_tag")
    return cached.run(shortcut.start, seed), star, tag


def show_pair(scene: Scene, star: bool, tag: bool, guess: exercise.Guess | None) -> None:
    """What both networks say of one version of a scene, and their maps once the prediction is made."""
    shown = shortcut.version(scene, star, tag)
    columns = st.columns(2, gap="large")
    for column, (name, title) in zip(columns, shortcut.NETWORKS.items(), strict=True):
        look: Look = cached.run(_look, name, shown, scenes.CLASSES[shortcut.STAR], "gradcam", LAYER)
        with column:
            st.markdown(f"**{title}**\n\n{shortcut_words.says(look)}")
            told = pointing_words.told(look) if guess is not None else pointing_words.HELD_BACK
            marked = Marked(look, pointing_words.alt(shown, told), told, guess is not None)
            show_scene(marked, key=f"o_{name}")
    if guess is not None:
        both: Look = cached.run(
            _look, shortcut.HANS, shortcut.version(scene, True, True), scenes.CLASSES[shortcut.STAR], "gradcam", LAYER
        )
        guess.reveal(shortcut_words.about_guess(guess, shortcut.pointed(both.heat, both.box, tag=True)))


def choose_starred_trials() -> shortcut.Params:
    """How many scenes with a star, and which."""
    first, second = st.columns(2, gap="large")
    with first:
        count = int(share.slider("Scenes, each in four versions", 24, 240, 60, 12, "o_star_n"))
    with second:
        seed = int(share.number("Seed of the scenes", 0, MOST_SEED, 0, 1, "o_star_n_seed"))
    return shortcut.Params(count, seed)


def show_starred_trials(params: shortcut.Params) -> None:
    """Ask both networks about all versions of the scenes, and tell what they said."""
    pieces = [(_asked, name, params, number) for number in range(params.pieces) for name in shortcut.NETWORKS]
    if not piecewise.done("Asking both networks", pieces, "o_asking"):
        return
    result = cached.run(_answers, params)
    st.markdown(shortcut_words.says_table(result))
    st.markdown(shortcut_words.points_table(result))
    st.caption(
        "In brackets: Wilson's 95 % intervals. Heat counts as the tag's up to one cell of the map, "
        f"{shortcut.BESIDE} pixels, beside it. Scenes whose star reaches that corner are left out."
    )
    st.markdown(shortcut_words.about_result(result))
    question, options, right = shortcut_words.hans_question(result)
    exercise.choice_exercise(question, options, right, key="o_hans")


def _follow(seed: int, scene: Scene) -> None:
    """A new scene starts with its objects where the seed puts them; only a link's places are taken over, once."""
    shown = (seed, len(scene.things))
    if st.session_state.get(_SHOWN) == shown:
        return
    first = _SHOWN not in st.session_state
    wanted = tuple(share.read_numbers("o_at")) if first else ()
    st.session_state[_SHOWN] = shown
    st.session_state[_AT] = pointing_scene.places(pointing_scene.placed(scene, wanted)) if wanted else ()
    if not first:
        st.session_state["o_kind"] = scene.things[0].kind


def _moved(chosen: Chosen, move: Move) -> None:
    scene = pointing_scene.placed(chosen.scene, st.session_state.get(_AT, ()))
    st.session_state[_AT] = pointing_scene.places(scene.moved(move.number, move.x, move.y))


def _put_back() -> None:
    st.session_state[_AT] = ()


def _next(key: str, seed: int) -> None:
    st.session_state[key] = float((seed + 1) % (MOST_SEED + 1))


def _saying(there: list[str]) -> Callable[[str], str]:
    return lambda kind: f"{kind} (on the canvas)" if kind in there else kind


def _choose_layer(key: str) -> str:
    rows = {row.name: row for row in cached.run(_layers)}
    shown = {name: f"{name}: {row.shape[1]} maps of {row.shape[2]} x {row.shape[3]}" for name, row in rows.items()}
    return share.select("Layer", list(shown), LAYER, shown.__getitem__, key)


def _layers() -> list[StageRow]:
    return pointing_scene.layers(cached.network(NETWORK))


def _look(network: str, scene: Scene, kind: str, method: str, layer: str) -> Look:
    return pointing_scene.look(cached.network(network), scene, kind, method, layer)


def _trials(params: pointing.Params, number: int) -> pointing.Trials:
    return pointing.piece(cached.network(params.network), params, number)


def _rates(params: pointing.Params) -> pointing.Result:
    return pointing.join(params, [cached.run(_trials, params, number) for number in range(params.pieces)])


def _asked(name: str, params: shortcut.Params, number: int) -> shortcut.Asked:
    return shortcut.piece(cached.network(name), params, number)


def _answers(params: shortcut.Params) -> shortcut.Result:
    numbers = range(params.pieces)
    return shortcut.join(
        params, {name: [cached.run(_asked, name, params, number) for number in numbers] for name in shortcut.NETWORKS}
    )
