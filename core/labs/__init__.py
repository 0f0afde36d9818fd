"""Experiments: frozen parameters -> results, without a page around them.

* `gradcam`: what a network saw in a picture, and its exports.
* `gradcam_words`: the sentences that go with it, with its numbers in them.
"""
