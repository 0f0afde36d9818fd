r"""Node by node

How does a network find out what each of its numbers has to do with the loss? Two layers with one number each, every
value and every gradient in sight.

Prerequisites: the chain rule. Sources: Rumelhart, Hinton and Williams 1986; He et al. 2016.
"""

import streamlit as st

from core.derivations import nodes as derivation
from core.labs import node_words, nodes
from pages.ui import cached, derivations, exercise, node_controls, show

st.title("Node by node")
st.markdown(
    r"A network is a chain of small operations: multiply, add, bend. **How does it find out what each of its numbers "
    r"has to do with the loss?** Here are two layers with one number each. Layer $t$ takes $h_t$, multiplies by its "
    r"weight $w_t$, adds its bias $b_t$, and bends the sum $s_t$ with tanh. The loss $L$ is half the squared distance "
    r"of the output $h_2$ from a target $y$."
)
st.markdown(
    r"**Forward**, values are computed from left to right. **Backward**, each node gets its *gradient*, "
    r"$\partial L / \partial \text{node}$: by how much the loss changes for each unit by which the node does, if both "
    "change a little, while everything that does not depend on it stays. A node's gradient comes from those that it "
    "feeds: what arrives there, times the derivative of the one operation in between. That is all of "
    "*back-propagation*."
)
params = node_controls.choose()
node_controls.ask_larger(params)

st.header("The walk")
st.markdown(
    ":blue[Upper number: value.] :orange[Lower number: gradient.] Press *Next*, or move the slider with the arrow "
    "keys. Each backward step is checked twice: by sympy for all numbers, and against torch's automatic "
    "differentiation at those on screen."
)
node_controls.walk(params)

st.header("One step of gradient descent")
st.markdown(
    r"Training moves each weight and bias $p$ against its gradient, $p \leftarrow p - \eta\, \partial L / \partial p$, "
    r"all at once; $\eta$ is the *learning rate*."
)
node_controls.descend(params)

st.header("Why, with all letters")
st.markdown(
    "The same in one go for the whole chain, and with any smooth branch in place of tanh: each factor is a layer's "
    "own derivative, and a residual layer's has a 1 in it, whatever its weights are."
)
derivations.proof("node-by-node", params.residual, key="n_proof", title="Both passes, node by node")
derivations.proof("chain-rule-plain", key="n_proof_plain", title="Two plain layers, derivative by derivative")
derivations.proof("chain-rule-residual", key="n_proof_residual", title="Two residual layers, any smooth branches")

st.header("Check yourself")
run = cached.run(nodes.run, params)
exercise.number_exercise(*node_words.exercise(run), key=f"n_exercise {params}")
exercise.choice_exercise(
    r"With residual layers, the gradient of $h_1$ is a sum of two shares. Why?",
    node_words.TWO_SHARES,
    node_words.TWO_SHARES_RIGHT,
    key="n_shares",
)

show.source(derivation.autograd, nodes.run, nodes.descend)
show.references(
    "Rumelhart, Hinton and Williams 1986, *Learning representations by back-propagating errors*, Nature 323, 533-536.",
    "He et al. 2016, [Identity mappings in deep residual networks](https://arxiv.org/abs/1603.05027), section 2.",
    "Baydin et al. 2018, [Automatic differentiation in machine learning](https://arxiv.org/abs/1502.05767), 3.2.",
)
