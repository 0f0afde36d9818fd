"""Experiments: frozen parameters -> results, without a page around them.

* `gradcam`: what a network saw in a picture, the words that go with it, and its exports.
"""
