r"""Network builder

Where do a convolutional network's parameters and its work come from, layer by layer, and what does each cell see?

Prerequisites: convolution and pooling. Sources: Dumoulin and Visin 2016, section 2; Araujo, Norris and Sim 2019;
Simonyan and Zisserman 2014; He et al. 2015; Iandola et al. 2016.
"""

import streamlit as st

from core.conv import Field
from core.conv.layers import Conv
from core.figures import builder as figures
from core.labs import builder, builder_edits, builder_field
from core.labs import builder_words as words
from pages.ui import builder_controls, cached, derivations, exercise, show

st.title("Network builder")
st.markdown(
    "A convolutional network is a list of layers. Each takes *channels* (feature maps) of some height and width, and "
    "makes others of them. **Where do its parameters and its work come from, layer by layer, and what does each cell "
    "see?** Start from a network with published totals, or from an input shape, and change it."
)

st.header("1. Stack layers")
st.markdown(
    "Shapes are channels x height x width. *Parameters* are learned; *multiply-adds* are the products of a weight with "
    "an input, for one example; *memory* is that of the output, in 32-bit floats, for one example (inside of a block, "
    "the outputs on the way are not counted). *Sees* and *jump* are explained in section 4. Try to break it: a layer "
    "that cannot take its input says why."
)
table, chosen = builder_controls.build()
st.markdown(words.about_totals(table))
counted = words.counted_layer(table, chosen)
if counted:
    st.subheader("One layer, by hand")
    st.caption("Choose another convolution above, and it is counted here.")
    exercise.worked_example(words.count_steps(table, counted), key="b_steps")

st.header("2. The volumes between the layers")
st.markdown(
    "Each box is what one layer hands to the next: as high as it has cells, as wide as it has channels, as deep as it "
    "has cells across. **All sides are logarithmic**: twice as many cells or channels make a box longer by the same "
    "piece. Layers that leave the shape as it is (activation, batch normalisation, dropout) have no box."
)
chart = cached.draw(figures.volumes, builder.lay_out, table.network)
show.figure(chart, figures.volumes_in_words(table), key="b_volumes")

st.header("3. Where the parameters are, and where the work is")
st.markdown(
    "Two questions about VGG16: thirteen convolutions, then three dense layers of 4,096, 4,096 and 1,000 units."
)
guess_where = exercise.predict(
    "**What do you expect?** Most of VGG16's parameters are in", words.WHERE, key="b_guess_where"
)
guess_busy = exercise.predict("VGG16's most multiply-adds are in", words.BUSY, key="b_guess_busy")
if guess_where is not None and guess_busy is not None:
    vgg16 = cached.run(builder.share_out, words.VGG16)
    chart = cached.draw(figures.shares_chart, builder.share_out, words.VGG16)
    show.figure(chart, figures.shares_in_words(vgg16), key="b_shares")
    st.caption("VGG16: the layers with parameters, in their order.")
    guess_where.reveal(words.about_parameters(guess_where, vgg16))
    guess_busy.reveal(words.about_work(guess_busy, vgg16))
    st.markdown(words.about_own(cached.run(builder.share_out, table.network)))

st.header("4. What one cell sees")
st.markdown(
    "A number in a feature map depends on a square of the input only, its *receptive field*. The *jump* is how many "
    "pixels of the input lie between the fields of neighbouring cells. A kernel of $k$ cells adds $k - 1$ jumps to "
    "the field; a stride multiplies the jump. So a pooling adds little itself, and makes every later kernel count for "
    "more. Where a field reaches over the border, the rest of it lies in padding. A flatten layer or a global mean "
    "puts all cells together: the table then says *all*."
)
question = "**What do you expect?** VGG16's last pooling has 7 x 7 cells, for a 224 x 224 picture. The middle one sees"
guess_sight = exercise.predict(question, words.SIGHT, key="b_guess_sight")
if guess_sight is not None:
    guess_sight.reveal(words.about_sight(guess_sight, cached.run(builder.lay_out, words.VGG16)))
st.markdown("Choose a layer of the network on screen, and move one of its cells over the picture.")
seen = builder_controls.choose_field(table)
if seen:
    st.markdown(words.about_seen(seen))
    st.caption(
        "The field says what a cell *can* depend on. How much it does is another matter: the middle of the field "
        "reaches the cell along many more paths than its rim (Luo et al. 2016)."
    )
derivations.proof("conv-receptive-field", key="b_proof", title="Why: the receptive field, derived and checked")

st.header("5. Take it with you")
builder_controls.take_away(table)

st.header("Check yourself")
asked = words.field_exercise(table)
if asked:
    exercise.number_exercise(*asked, key=f"b_exercise {asked[1]} {asked[0][:20]}")
question = (
    "Two 3 x 3 convolutions with $C$ channels in and out see as much as one of 5 x 5. Without biases, the two have"
)
exercise.choice_exercise(question, words.TWO_FOR_ONE, words.TWO_FOR_ONE_RIGHT, key="b_two")

show.source(builder.lay_out, Conv, Field, builder_field.depended, builder_edits.repair)
show.references(
    "LeCun et al. 1998, *Gradient-based learning applied to document recognition*: LeNet-5.",
    "Simonyan and Zisserman 2014, [Very deep convolutional networks](https://arxiv.org/abs/1409.1556): VGG.",
    "He et al. 2015, [Deep residual learning](https://arxiv.org/abs/1512.03385): ResNet-18.",
    "Iandola et al. 2016, [SqueezeNet](https://arxiv.org/abs/1602.07360).",
    "Dumoulin and Visin 2016, [A guide to convolution arithmetic](https://arxiv.org/abs/1603.07285), section 2.",
    "Araujo, Norris and Sim 2019, [Computing receptive fields](https://distill.pub/2019/computing-receptive-fields/).",
    "Luo et al. 2016, [Understanding the effective receptive field](https://arxiv.org/abs/1701.04128).",
)
