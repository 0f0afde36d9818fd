"""What the pages share and streamlit touches.

* `menu`: the script that every visit runs: navigation and theme, read from the pages themselves.
* `server`: what happens once, before the first visitor, and the server's extra addresses.
* `cached`: the only caches, all bounded.
* `controls`: widget groups -> values; `share` keeps their state in the URL.
* `downloads`: overlay, arrays and script of the state on screen.
* `picture`: sample, upload or camera -> the session's picture.
* `fetching`: weights from the network, with progress and cancel.
* `worker`: the process's queue of long trainings; knows nothing of Streamlit.
* `training`: a live training on a page: buttons, progress, place in the queue.
* `derivations`: what the engine has checked, with its ticks: nothing else draws one; `stepper`: the same, step by step.
* `formulas`: the formulas that pages print without a tick, found in their source.
* `gradient_shown` and all other `..._controls`: what belongs to one lesson alone.
* `piecewise`: long computations in pieces, with progress, Stop and a queue that all sessions share.
* `pins`: two pinned settings; `compare_shown`: the parts of the page that compares maps.
* `exercise`: questions with feedback; `asked`: those of this run, for sheets and progress; `sheet`: a lesson's
  questions on paper. `show`: figures, tables, notices, source code, references.
* `components`: pieces that run in the browser, JavaScript beside Python: scenes, maps, and the tools below the menu
  (links, a teacher's link, progress).
"""
