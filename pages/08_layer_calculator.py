r"""Layer calculator

How large is what a layer puts out, how many numbers does it learn, and how do you write it in Keras and in PyTorch?

Prerequisites: whole-number division; what a kernel does to an input. Sources: Dumoulin and Visin 2016 (arXiv
1603.07285); the documentation of Keras 3 and of torch.nn.
"""

import streamlit as st

from core.conv import arithmetic, layers
from core.figures import calculator as figures
from core.labs import calculator, calculator_exercises
from core.labs import calculator_words as words
from pages.ui import cached, calculator_controls, derivations, exercise, show
from pages.ui.components.scenes import show_scenes

st.title("Layer calculator")
st.markdown(
    "A *kernel* is a small block of weights. It is laid on the input at one place after the other; at each place, the "
    "weights times the cells beneath them add up to one cell of the output. (Strictly this is cross-correlation: the "
    "kernel is not flipped.) **How large is what comes out, how many numbers are learned, and how do you write the "
    "layer in Keras and in PyTorch?**"
)

st.header("1. One layer")
st.markdown(
    "The input has $C$ channels, such as red, green and blue, and one, two or three axes of cells. Each of the $F$ "
    "*filters* is a kernel that spans all channels and makes one channel of output. Along an axis the kernel has $k$ "
    "weights (*kernel size*), moves by $s$ cells at a time (*stride*), and its weights lie $d$ cells apart "
    "(*dilation*; 1 is without gaps). *Padding* puts cells of 0 around the input (for a maximum, of minus infinity); "
    "'valid' means none. With $g$ *groups* the channels are split, and each filter sees one part. Pooling takes the "
    "maximum or the mean instead of weights. A *transposed* convolution goes the other way: each input cell writes "
    "the whole kernel into the output."
)
found = calculator_controls.choose()
st.markdown(words.overview(found))
st.caption(
    "None and N stand for the batch, which may have any size. Multiply-adds count each product of a weight with an "
    "input. Memory is that of 32-bit floats, as Keras counts it: 1 KB is 1,024 bytes."
)

st.header("2. Sizes, axis by axis")
question = "**What do you expect?** With padding='same' and stride 2, the output along an axis has"
guess = exercise.predict(question, words.SAME, key="k_guess_same")
if guess is not None:
    guess.reveal(words.about_same(guess))
st.markdown(
    "Along one axis $n$ cells come in and $o$ go out. $k'$ is what the kernel spans from its first weight to its last, "
    "$p_b$ and $p_a$ are the cells added before and after (for a transposed convolution: cut off, and $r$ more are "
    "added at the end)."
)
calculator_controls.show_sizes(found)
axis = calculator_controls.choose_axis(found)
picture = cached.run(calculator.picture, found.params, axis)
show_scenes(
    cached.draw(figures.axis_scenes, calculator.picture, found.params, axis),
    key="k_axis",
    least_width=300,
    height=360,
)
st.caption(
    "The row at the bottom is the axis itself: squares are its cells, rings lie outside, crosses are never touched. "
    "Above it stands one line for each window, with a mark where a weight lies. Long axes show both their ends."
)
show.notices(words.about_picture(picture))
derivations.proof("conv-output", key="k_proof_size", title="Where the formula comes from, checked")
derivations.proof("conv-pooling", key="k_proof_pooling", title="What pooling does, rounded down and up, checked")
derivations.proof("conv-transpose", key="k_proof_transpose", title="What a transposed convolution does, checked")

st.header("3. What is learned and what it costs")
question = "**What do you expect?** All axes of the input get twice as long. The number of parameters is then"
guess = exercise.predict(question, words.TWICE, key="k_guess_twice")
if guess is not None:
    guess.reveal(words.about_twice(guess, found))
st.subheader("By hand, for the layer above")
exercise.worked_example(words.steps(found), key="k_steps")
derivations.proof("conv-parameters", key="k_proof_count", title="The number of parameters, checked")
derivations.proof("conv-cost", key="k_proof_cost", title="Multiply-adds and memory, checked")

st.header("4. The same layer in two languages")
st.markdown(
    "Keras takes the number of channels in from the input and has the channels last; torch wants it said, and has the "
    "channels first. Where a language has no argument for what the layer does, it is said here, and the program takes "
    "the way round it."
)
st.markdown(words.arguments(found))
calculator_controls.show_programs(found)

st.header("Check yourself")
calculator_controls.choose_round().show()
question = "Must a kernel have an odd size?"
exercise.choice_exercise(question, calculator_exercises.ODD, calculator_exercises.ODD_RIGHT, key="k_odd")

show.source(calculator.count, layers.Conv, arithmetic.Axis, arithmetic.same)
show.references(
    "Dumoulin, Visin 2016, [A guide to convolution arithmetic for deep learning](https://arxiv.org/abs/1603.07285).",
    "[torch.nn.Conv2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html): arguments and formula.",
    "[keras.layers.Conv2D](https://keras.io/api/layers/convolution_layers/convolution2d/): arguments, and shapes.",
    "Radford, Metz, Chintala 2015, [DCGAN](https://arxiv.org/abs/1511.06434): layers that double sizes. Those of "
    "the button have the 4 x 4 kernels of [torch's example](https://github.com/pytorch/examples/tree/main/dcgan).",
)
