"""What the pages share and streamlit touches.

* `menu`: the script that every visit runs: navigation and theme, read from the pages themselves.
* `warm_up`: what happens once, before the first visitor.
* `cached`: the only caches, all bounded.
* `controls`: widget groups -> frozen parameters; the state they hold is in the URL.
* `picture`: sample, upload or camera -> the session's picture.
* `fetching`: weights from the network, with progress and cancel.
* `exercise`, `show`: questions with feedback; derivations, source code, references.
* `components`: pieces that run in the browser, JavaScript beside Python.
"""
