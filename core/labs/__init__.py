"""Experiments: frozen parameters -> results, without a page around them.

A module named `..._words` holds the sentences that go with a lab, with its numbers in them.

* Differential equations: `equations` (stacking), `analytic` (formulas), `picard`, `existence`; `attempt`, a solve whose
  failure is part of its result.
* Vector-field explorer: `systems` (the gallery), `fields`, `equilibria`, `trajectories`, `lorenz`.
* Solver lab: `solver_problems`, `solvers` (order, work), `stability`, `adaptive_steps`, `stiffness`.
* From ResNet to ODE: `residual`, `depth_limit`, `annuli`.
* Learning an ODE: `learning_problem` (settings, data), `learning` (the training), `learning_iteration` (one of its
  iterations in numbers), `measurements` (CSV files), `learning_program` (export).
* Grad-CAM explorer: `gradcam`, what a network saw in a picture, and its exports.
"""
