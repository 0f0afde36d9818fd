"""How every reveal of a prediction begins, and what stands there where nobody predicted anything."""

UNASKED = ""
"""The guess of nobody: a sheet of answers tells what is right without a prediction before it."""

OWN_RUN = "The answer comes from a run of your own: start it on the page."
"""The answer where nothing has been run yet."""


def verdict(guess: str, right: str) -> str:
    """What a guess was worth, in full sentences: what follows begins a new one.

    >>> verdict("it falls", "it falls"), verdict("it rises", "it falls"), verdict(UNASKED, "it falls")
    ('**Right: it falls.**', '**Not quite.** You said: it rises. **Answer: it falls.**', '**Answer: it falls.**')
    """
    if guess == right:
        return f"**Right: {_ended(right)}**"
    return f"{f'**Not quite.** {said(guess)}' if guess != UNASKED else ''}**Answer: {_ended(right)}**"


def one_of(guess: str, right: list[str]) -> str:
    """`verdict` where several answers hold: the guess if it is among them, else all of them.

    >>> one_of("a", ["a", "b"]), one_of(UNASKED, ["a", "b"])
    ('**Right: a.**', '**Answer: a and b.**')
    """
    return verdict(guess, guess if guess in right else " and ".join(right))


def said(guess: str) -> str:
    """The guess, before something that does not settle it; nothing where nobody was asked.

    >>> said("it falls"), said(UNASKED)
    ('You said: it falls. ', '')
    """
    return "" if guess == UNASKED else f"You said: {_ended(guess)} "


def _ended(answer: str) -> str:
    return f"{answer.removesuffix('.')}."
