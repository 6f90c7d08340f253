"""Every single slip in every right optimizer: is it caught, named, and shown at its line?

    python -m tests.mutation                         some of each, three tables
    python -m tests.mutation --count 0               all of them (an hour)
    python -m tests.mutation --optimizers Adam Lion  only these

targets   right optimizers, written plainly, and what they must equal
slips     the edits that make them wrong, made on the text, token by token
verdicts  what the check and the search for the line say of one of them
"""
