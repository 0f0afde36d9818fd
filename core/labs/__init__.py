"""Experiments: frozen parameters -> results, without a page around them.

A module named `..._words` holds the sentences that go with a lab, with its numbers in them;
`verdict` is how all of them begin to tell a prediction's answer.

* The layer paradigm: `clouds` (data), `layers` (training), `layers_example`, `layers_program` (export),
  `depth_gradients`.
* Node by node: `nodes`, back-propagation with every number in sight.
* Differential equations: `equations` (stacking), `analytic` (formulas), `picard`, `existence`; `attempt`, a solve whose
  failure is part of its result.
* Vector-field explorer: `systems` (the gallery), `fields`, `equilibria`, `trajectories`, `lorenz`.
* Solver lab: `solver_problems`, `solvers` (order, work), `stability`, `adaptive_steps`, `stiffness`.
* From ResNet to ODE: `residual`, `depth_limit`, `annuli`.
* Derivations: `checked` (with their verdicts), `every` (all of them together).
* The adjoint method: `adjoint` and the modules that begin like it; `five_minutes`.
* Gradient lab: `gradient_problems`, `gradients` (six ways), `gradient_steps`, `gradient_memory` with `tensor_memory`,
  `gradient_meter` (a f), `gradient_failures` with `gradient_hard_problems`; words also in `way_back_words`;
  `pieces`, for work that is shown and can be stopped on its way.
* Jacobians: `jacobians` and the modules that begin alike; `forward_mode`.
* Learning an ODE: `learning_problem` (settings, data), `learning` (the training), `learning_iteration` (one of its
  iterations in numbers), `measurements` (CSV files), `learning_program` (export).
* Convolution: `convolution` (the walk, flips, flat regions, sizes), `convolution_inputs`, `convolution_numbers` (typed
  grids). Layer calculator: `calculator`. Network builder: `builder` and the modules that begin like it.
* Grad-CAM explorer: `gradcam`, what a network saw in a picture, and its exports.
* Compare maps: `compare_maps`, `two_maps` (A less B).
* Does the heat point at the object: `pointing_scene` (one map), `pointing` (many scenes, all methods), `shortcut` (a
  network that looks at a tag).
* Can the heatmap be trusted: `trust` (randomisation, deletion, insertion), `covering` (occlusion).
* Depth is time: `depth_cam`, the map at every depth. ResNet against ODE-Net: `odenet_compare`.
* Common mistakes: `mistakes` (all 22) and the modules that begin like it, one for each theme.
"""
