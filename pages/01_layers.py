r"""The layer paradigm

What does a network do to the points that go in, layer after layer, and how does what it learns find its way back
through all of them?

Prerequisites: matrices, the chain rule. Sources: He et al. 2016; Glorot and Bengio 2010; Saxe et al. 2014.
"""

import streamlit as st

from core.figures import layers as figures
from core.figures import layers_depth
from core.labs import depth_gradients, layers, layers_example
from core.labs import layers_words as words
from core.nn.mlp import Layer, states
from pages.ui import cached, exercise, show
from pages.ui import layer_controls as controls
from pages.ui.components.scenes import show_scenes

st.title("The layer paradigm")
st.markdown(
    "A network is a list of layers. Each takes a list of numbers, the *state*, and hands on another. **What do the "
    "layers do to the points that go in, and how does what the network learns find its way back through all of them?**"
)

st.header("1. Forward: a cloud flows through layers")
st.markdown(
    r"Let $h_t$ be the state after $t$ layers: $h_0$ is a point of the data, $h_N$ what the last of $N$ layers "
    r"returns. Layer $t$ computes a function $f$ of the state and of its own *parameters* $\theta_t$. A *plain* layer "
    r"returns $f$; a *residual* layer adds it to what it was given:"
)
st.latex(
    r"\begin{aligned} \text{plain: } & h_{t+1} = f(h_t, \theta_t) \\ "
    r"\text{residual: } & h_{t+1} = h_t + f(h_t, \theta_t) \end{aligned}"
)
st.markdown(
    r"Here $f(h, \theta) = \tanh(W h + b)$: a matrix $W$ of *weights* and a vector $b$ of *biases*, together $\theta$; "
    r"$\tanh$ squeezes each component into $(-1, 1)$. The way of $h_t$ around $f$ is the *skip*. It is always on, for "
    "every input, and it needs equal shapes: $f$ must return as many numbers as it gets. After the last layer a *head* "
    r"makes one number of the state, the *score* $v \cdot h_N + c$, with weights $v$ and a bias $c$ of its own: above "
    "0 it says class 1, below 0 class 0."
)
cloud = controls.choose_cloud()
chosen = controls.choose_networks(cloud)
st.markdown(
    "Both networks below start with the same random weights; nothing is trained yet. **Move the slider through the "
    "layers**, or play it. Watch the grid, too."
)
show_scenes(
    cached.draw(figures.flow_scenes, layers.untrained, chosen),
    key="p_flow",
    clock=figures.flow_clock(chosen.layers),
    least_width=260,
)
st.caption("Between two layers there is nothing: pictures in between only help the eye to follow a point.")
st.markdown(words.about_flow(cached.run(layers.untrained, chosen)))

st.header("2. Backward: the chain rule, layer by layer")
st.markdown(
    r"The *loss* $L$ says how wrong the scores are (here: cross-entropy). Its derivative by a state is a row, "
    r"$\frac{dL}{dh_t}$, one number for each component. It comes in from the layer above and goes down through the "
    r"layer's *Jacobian* $\frac{\partial h_{t+1}}{\partial h_t}$, the matrix of partial derivatives; on the way each "
    "layer takes what its own parameters need:"
)
st.latex(
    r"\begin{aligned} \frac{dL}{dh_t} &= \frac{dL}{dh_{t+1}} \frac{\partial h_{t+1}}{\partial h_t} \\[1ex] "
    r"\frac{dL}{d\theta_t} &= \frac{dL}{dh_{t+1}} \frac{\partial f(h_t, \theta_t)}{\partial \theta_t} \end{aligned}"
)
st.markdown(
    r"*Gradient descent* then moves all parameters a little against their gradient: "
    r"$\theta_t \leftarrow \theta_t - \eta \frac{dL}{d\theta_t}$, where $\eta$ is the step size. The two kinds of "
    "layers differ in one matrix, the identity $I$, which the skip adds:"
)
st.latex(
    r"\begin{aligned} \text{plain: } & \frac{\partial h_{t+1}}{\partial h_t} = \frac{\partial f}{\partial h} \\[1ex] "
    r"\text{residual: } & \frac{\partial h_{t+1}}{\partial h_t} = I + \frac{\partial f}{\partial h} \end{aligned}"
)
st.markdown(
    "The page *Node by node* goes the same way with single numbers in place of vectors, one operation at a time."
)
st.subheader("One layer, with numbers")
example = controls.choose_example()
exercise.worked_example(words.example_steps(cached.run(layers_example.example, example)), key="p_steps")

st.header("3. Learning, live")
question = (
    f"Both networks have {chosen.layers} layers, the same first weights, the same data and the same number of "
    "iterations. **What do you expect:** which one ends with the lower loss?"
)
guess = exercise.predict(question, words.LEARNS, key="p_guess_learn")
snapshot = cached.run(layers.untrained, chosen)
if guess is not None:
    snapshot = controls.train(controls.choose_training(chosen), guess)

st.header("4. Gradients through 2 to 64 layers")
st.markdown(
    r"From the last state to the input the gradient meets the Jacobians of all layers: "
    r"$\frac{dL}{dh_0} = \frac{dL}{dh_N} \frac{\partial h_N}{\partial h_{N-1}} \cdots "
    r"\frac{\partial h_1}{\partial h_0}$. The *singular values* of this product say by how much it stretches "
    "directions: the largest is the most, the smallest the least. All is measured on the data chosen above, with "
    "networks that are not trained yet; the singular values at the first point."
)
faded = exercise.predict(
    "**What do you expect?** From 2 to 64 plain layers, the gradient of the first layer's parameters",
    words.FADES,
    key="p_guess_depth",
)
if faded is not None:
    depths = controls.choose_depths(cloud)
    measured = cached.run(depth_gradients.measure, depths)
    show_scenes(
        cached.draw(layers_depth.depth_scenes, depth_gradients.measure, depths),
        key="p_depth",
        clock=layers_depth.depth_clock(),
        least_width=250,
        height=330,
    )
    faded.reveal(words.about_depth(measured, faded))
    st.caption(
        "Thin lines and small symbols are single seeds, thick lines medians; a ring marks the depth of the slider; "
        "values below 1e-36 stand at the edge. **Move the gain**, then try orthogonal weights at gain 1: for which "
        "kind of layers does more depend on the start?"
    )
    exercise.number_exercise(*words.per_layer(measured), key=f"p_factor {depths}")

st.header("Take it home")
st.markdown(
    "A program that needs PyTorch alone and repeats the training on show from its first iteration: the same points, "
    "first weights and losses, for the plain and the residual network."
)
controls.download(snapshot)

st.header("Check yourself")
exercise.choice_exercise(
    "A residual layer's $f$ returns 3 numbers, but the state $h$ has 2. What does $h + f$ need?",
    words.SHAPES,
    words.SHAPES_RIGHT,
    key="p_shapes",
)

show.source(Layer, states, layers.Training.step, depth_gradients.forward, depth_gradients.backward)
show.references(
    "He et al. 2016, [Deep residual learning](https://arxiv.org/abs/1512.03385): plain and residual, equal shapes.",
    "Glorot and Bengio 2010, [Understanding the difficulty of training deep feedforward neural networks]"
    "(https://proceedings.mlr.press/v9/glorot10a.html): gradients and first weights.",
    "Saxe et al. 2014, [Exact solutions to the nonlinear dynamics of learning](https://arxiv.org/abs/1312.6120).",
    "E 2017, [A proposal on machine learning via dynamical systems](https://doi.org/10.1007/s40304-017-0103-z).",
    "Haber and Ruthotto 2017, [Stable architectures for deep neural networks](https://arxiv.org/abs/1705.03341).",
)
