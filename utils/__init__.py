"""What the notebooks import. Each file is one idea:

optim      the `Optim` base class, whose `my_step` you write; `output` and `w` draw it at work
landscape  loss surfaces over two weights
path       let an optimizer walk on a landscape, and write down where it went
plots      pictures of paths, losses and series
style      colours and line styles, readable in light and dark
compose    an optimizer that is a list of small functions
learner    a training loop that callbacks can change
playground optimizers you can feel: widgets, also with your own class in them
smoothing  data to smooth for lecture 01, and pictures of it
data       MNIST, from the files in `data/`;  imagenette: ten classes of ImageNet
train      MNIST as tensors, minibatches, and the training loop of lectures 06 to 08
race       the final race: your optimizer against torch's, with a score
soundness  what every optimizer owes its user, whatever its idea
atomic     a file that is at every moment either the old one or the new one, whole
check      is my optimizer the same as torch's, and if not, which mistake is it?
"""
