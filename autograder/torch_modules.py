"""Which modules of torch.optim hold no optimizer: everybody may use them, and no check minds them."""

NO_OPTIMIZERS = ("lr_scheduler", "optimizer", "swa_utils")
