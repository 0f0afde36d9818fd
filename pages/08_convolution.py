r"""Convolution

How does a small grid of weights, moved over a picture, find edges in it? And how many cells and parameters come out
of such a layer?

Prerequisites: sums and products; what a pixel is. Sources: Goodfellow, Bengio, Courville 2016, chapter 9; Dumoulin,
Visin 2016.
"""

import streamlit as st

from core.conv.sweep import sweep
from core.figures import convolution as figures
from core.labs import convolution
from core.labs import convolution_words as words
from pages.ui import convolution_controls, derivations, exercise, show
from pages.ui.components.sweep import show_grids, show_sweep

st.title("Convolution")
st.markdown(
    "A *convolutional layer* moves a small grid of weights, its *kernel*, over a picture. At each place it multiplies "
    "cell by weight and adds up: one number of a new picture. **How does that find edges, and what comes out?**"
)

st.header("1. What comes out, and how many parameters")
st.markdown(
    "The input has $n$ cells along an axis and $C$ *channels*, such as red, green and blue. The layer has $F$ "
    "*filters* of $k = K_1 = K_2$ cells a side, each with weights for all channels and one *bias*, a number that is "
    "added. It moves by the *stride* $s$; $p$ zeros, the *padding*, stand on each side; the weights are $d$ cells "
    r"apart, the *dilation*. The output has $o$ cells along the axis ($\lfloor\ \rfloor$ rounds down), the layer $N$ "
    "parameters. An example: an input of **(200, 200, 3)**, 10 filters of 5 x 5, $s = 1$, $p = 0$, $d = 1$."
)
for line in words.example_lines():
    st.latex(line)
st.markdown(words.about_example())
derivations.proof("conv-output", key="c_proof_output", title="Why the output has this size, checked")
derivations.proof("conv-parameters", key="c_proof_parameters", title="Why it has so many parameters, checked")

st.header("2. The sweep")
st.markdown(
    "**Step** moves the kernel to its next place, **Play** sweeps. Drag on the input, or point at a cell of the output "
    "to see where it comes from; on the grids the arrow keys move the kernel, the space bar plays. Point at a product "
    "to find its cell. Each filter makes one map; with several channels it reads one window of each, and adds up all."
)
choice = convolution_controls.choose()
params, walk = choice.params, choice.walk
show_sweep(
    walk,
    choice.draw(figures.input_grids, convolution.walk, params),
    choice.draw(figures.output_grids, convolution.walk, params),
    key="c_sweep",
    whole=choice.input.picture,
)
st.caption(
    f"{choice.input.caption} {words.about_walk(walk, choice.run(convolution.greatest_gap, params.sweep))}".strip()
)
show.notices(*words.notices(walk.sweep))
for line in words.geometry_lines(walk.sweep):
    st.latex(line)
st.caption("The formula of section 1 with the numbers on screen; instead of $2p$ stands the padding of both sides.")
sizes = choice.run(convolution.sizes, walk.sweep.along, params.sweep.padding)
question = (
    f"**What do you expect?** With stride {sizes.asked} and all else as on screen, the output has this many columns:"
)
guess = exercise.predict(question, words.size_answers(sizes), key=f"c_guess_size {sizes}")
if guess is not None:
    guess.reveal(words.about_sizes(guess, sizes, params.sweep.padding))

st.header("3. What a kernel responds to")
st.markdown(
    "The classical kernels were designed by hand; a network learns its own, and its first layer often learns some that "
    "look like these. Take the kernel *Edges (outline)*: 8 in the middle, -1 around it."
)
question = f"**What do you expect?** In a region where all cells are {convolution.FLAT:g} the output of this kernel is"
guess = exercise.predict(question, words.FLAT_ANSWERS, key="c_guess_flat")
if guess is not None:
    guess.reveal(words.about_flat(guess))
    st.markdown(words.flat_table(convolution_controls.flat()))
    st.markdown("All of them on the input of section 2 (the mean over its channels), each on a scale of its own:")
    show_grids(choice.draw(figures.response_grids, convolution.responses, params.sweep.cells), key="c_responses")
    st.caption("Grey: from 0 (black) up. Where there are values below 0: green below, pale at 0, pink above.")

st.header("4. Cross-correlation, by its right name")
st.markdown(
    "Mathematics calls *convolution* what first turns the kernel by half a turn. The layers of torch and Keras do not "
    "turn it: they compute the *cross-correlation*, and keep the name. A network that learns its weights does not "
    "mind. Where you take weights from a book it matters: see what one cell of 1 among zeros becomes."
)
alone = convolution_controls.first_filter_alone(choice)
show_grids(choice.draw(figures.flip_grids, convolution.flipped, alone), key="c_flip")
st.markdown(words.about_flipping(choice.run(convolution.flipped, alone)))

st.header("5. One cell by hand")
exercise.worked_example(words.by_hand(walk, walk.sweep.frame(words.busiest(walk.sweep))), key="c_steps")

st.header("6. The way back")
st.markdown(
    "Point at a cell of the input above (by keyboard: Shift and an arrow): dashed are the cells of the map that read "
    "it. In training the slopes of the "
    "loss come back along just these lines, each times the weight that it went through. That is again a convolution, "
    "*transposed*; as a layer of its own it makes small maps large."
)
derivations.proof("conv-transpose", key="c_proof_transpose", title="The transposed convolution, checked")
derivations.proof("conv-gradient", key="c_proof_gradient", title="The gradient of a convolution, checked")

st.header("Check yourself")
answer = choice.run(convolution.parameters, params.sweep)
exercise.number_exercise(*words.exercise(params.sweep, answer), key=f"c_exercise {answer}")
question = "How much padding on each side keeps the size, for a 5 x 5 kernel with stride 1 and dilation 1?"
exercise.choice_exercise(question, words.PAD, words.PAD_RIGHT, key="c_pad_exercise")

show.source(sweep)
convolution_controls.show_program(choice)
show.references(
    "Dumoulin, Visin 2016, [A guide to convolution arithmetic](https://arxiv.org/abs/1603.07285): sections 2 to 5.",
    "Goodfellow, Bengio, Courville 2016, [Deep Learning](https://www.deeplearningbook.org), chapter 9: equation 9.6 is "
    "the cross-correlation.",
    "Gonzalez, Woods 2018, *Digital Image Processing*, chapters 3 and 10: the classical kernels.",
    "torch's [Conv2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html) and Keras' "
    "[Conv2D](https://keras.io/api/layers/convolution_layers/convolution2d/).",
)
