"""Back-propagation through two layers, by hand and by torch."""

from core.derivations.chain_rule import chain_rule_plain


def test_the_plain_network_is_held_against_torch_for_every_parameter():
    steps = chain_rule_plain().steps
    against = [step for step in steps if step.check.kind == "core"]
    derived = [step for step in steps if step.why.startswith("With the derivatives")]
    assert [step.rhs for step in against] == [step.rhs for step in derived]
    assert len(against) == 4
