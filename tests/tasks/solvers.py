"""A second opinion: each family's answer worked out from the words of the prompt alone.

Nothing here is shared with the generators; statements are read by regular expression and solved by
brute force (fixed points, simulation), so that a wrong generator and a wrong solver would have to agree.
"""

import re

SIDES = {"north": (0, 1), "east": (1, 1), "south": (0, -1), "west": (1, -1)}
CLOCKWISE = ["north", "east", "south", "west"]
GAINS = {"buys", "finds", "gets", "wins"}


def _ask(prompt, *patterns):
    for pattern in patterns:
        if found := re.search(pattern, prompt):
            return found.groups()
    raise AssertionError(f"no question in: {prompt}")


def _propagate(equations, known, asked):
    """Equations (a, b, k): a = b + k modulo 10, used in both directions until nothing is new."""
    while True:
        news = {a: (known[b] + k) % 10 for a, b, k in equations if b in known and a not in known}
        news |= {b: (known[a] - k) % 10 for a, b, k in equations if a in known and b not in known}
        if not news:
            return str(known[asked])
        known = known | news


SUM_LINKS = [  # pattern, order of (left, right, amount) in its groups, sign
    (r"(\w+) \+ (\d) = (\w+)", (2, 0, 1), 1),
    (r"(\w+) - (\d) = (\w+)", (2, 0, 1), -1),
    (r"from (\w+) add (\d) : (\w+)", (2, 0, 1), 1),
    (r"from (\w+) take (\d) : (\w+)", (2, 0, 1), -1),
    (r"(\w+) is (\w+) (?:plus|\+) (\d)", (0, 1, 2), 1),
    (r"(\w+) is (\w+) (?:minus|-) (\d)", (0, 1, 2), -1),
    (r"(\w+) (?::|has) (\d) more than (\w+)", (0, 2, 1), 1),
    (r"(\w+) (?::|has) (\d) less than (\w+)", (0, 2, 1), -1),
    (r"(\w+) holds (\w+) plus (\d)", (0, 1, 2), 1),
    (r"(\w+) holds (\w+) minus (\d)", (0, 1, 2), -1),
    (r"(\w+) is (\d) above (\w+)", (0, 2, 1), 1),
    (r"(\w+) is (\d) below (\w+)", (0, 2, 1), -1),
    (r"(\w+) more than (\w+) by (\d)", (0, 1, 2), 1),
    (r"(\w+) less than (\w+) by (\d)", (0, 1, 2), -1),
]
SUM_ASKS = (
    r"from \w+ , what is (\w+) \?",
    r"start at \w+ , find (\w+) :",
    r"go from \w+ to (\w+)$",
    r"how many has (\w+) \?",
    r"find what (\w+) holds",
    r"from \w+ , find (\w+)$",
    r"what shows (\w+) \?",
    r"start with \w+ , what is (\w+) \?",
    r"^find (\w+) , start at \w+ :",
    r"^how many has (\w+) , from \w+ \?",
    r"^what shows (\w+) , from \w+ \?",
)


def solve_sum(prompt):
    equations = []
    for pattern, (left, right, amount), sign in SUM_LINKS:
        for found in re.finditer(rf"(?<!\S){pattern}(?!\S)", prompt):
            groups = found.groups()
            equations.append((groups[left], groups[right], sign * int(groups[amount])))
    starts = re.findall(r"(?<!\S)(\w+) (?:=|is|:|has|holds|shows|reads|at) (\d)(?= ;|$)", prompt)
    return _propagate(equations, {name: int(value) for name, value in starts}, *_ask(prompt, *SUM_ASKS))


def solve_story(prompt):
    (who,) = _ask(prompt, r"how many has (\w+) \?", r"find how many \w+ (\w+) has", r"find what (\w+) has now",
                  r"how many \w+ has (\w+) \?")  # fmt: skip
    (total,) = re.findall(rf"(?<!\S)\w {who} (?:has|is at) (\d)", prompt)
    for verb, amount in re.findall(rf"(?<!\S)\w {who} (?:now )?(\w+) (\d)", prompt):
        if verb != "has":
            total = (int(total) + (int(amount) if verb in GAINS else -int(amount))) % 10
    return str(total)


def solve_program(prompt):
    (asked,) = _ask(prompt, r"show (\w)$", r"what is (\w) \?", r"^find (\w) ,", r"what is (\w) at last \?")
    values = {}
    for part in re.split(r" ; | , go | \? ", prompt):
        words = part.split()
        if len(words) == 3 and words[2].isdigit():
            values[words[0]] = int(words[2])
        elif len(words) == 6:
            _, target, _, left, sign, right = words
            operand = values[right] if right in values else int(right)
            values[target] = (values[left] + (operand if sign == "+" else -operand)) % 10
    return str(values[asked])


def solve_grid(prompt):
    (axis,) = _ask(
        prompt,
        r"what is the (row|column)",
        r"find the (row|column)",
        r"which (row|column) at last",
        r"which (row|column) \?$",
    )
    row, column, facing = _ask(prompt, r"row (\d) .*?column (\d) , (?:faces )?(\w+)")
    position = [int(row), int(column)]
    for move in re.findall(r"(?<=; )\w (?:go|walks|turn|faces)? ?(\w+)(?: steps)?(?= ;|$)", prompt):
        if move in ("left", "right"):
            facing = CLOCKWISE[(CLOCKWISE.index(facing) + (1 if move == "right" else -1)) % 4]
        else:
            direction, sign = SIDES[facing]
            position[direction] = (position[direction] + sign * int(move)) % 10
    return str(position[("row", "column").index(axis)])


def solve_swaps(prompt):
    (thing,) = _ask(prompt, r"who has (\w+) \?", r"; find (\w+)$", r"who holds (\w+) at", r"^find (\w+) : ")
    holds = dict(re.findall(r"(?<!\S)(\w+) (?:has|holds) (\w+)(?= ;)", prompt))
    holds |= {person: thing for thing, person in re.findall(r"(?<!\S)(\w+) : (\w+)(?= ;)", prompt)}
    for one, two in re.findall(r"(?<=; )\w (?:swap )?(\w+) (?:swaps with|and|,) (\w+)", prompt):
        holds[one], holds[two] = holds[two], holds[one]
    (holder,) = [person for person, held in holds.items() if held == thing]
    return holder


def _walk(table, state, keys):
    for key in keys:
        state = table[state, key]
    return state


def solve_reactions(prompt):
    table = {(s, k): n for s, k, n in re.findall(r"(\w+) (?:\+|with) (\w+) (?:=|makes) (\w+)", prompt)}
    table |= {(s, k): n for k, s, n in re.findall(r"(\w+) in (\w+) makes (\w+)", prompt)}
    state, rest = _ask(
        prompt,
        r"take (\w+) , add (.*)$",
        r"^start with (\w+) , mix (.*) : ",
        r"to (\w+) add (.*) , what is it \?",
    )
    return _walk(table, state, [step.split()[-1] for step in re.split(r" , add | , mix | then ", rest)])


def solve_relations(prompt):
    if found := re.search(r"; who is (.*) \?", prompt):
        *keys, state = found[1].split(" of ")
        table = {(s, k): n for n, k, s in re.findall(r"(\w+) is (\w+) of (\w+)(?= ;)", prompt)}
        return _walk(table, state, [key.split()[-1] for key in keys[::-1]])
    state, rest = _ask(prompt, r"from (\w+) go to (.*)$", r"^start with (\w+) , find (.*) : ", r"from (\w+) find (.*)$")
    table = {(s, k): n for k, s, n in re.findall(r"(\w+) of (\w+) is (\w+)", prompt)}
    table |= {(s, k): n for s, k, n in re.findall(r"(\w+) has (\w+) (\w+)", prompt)}
    return _walk(table, state, [step.split()[-1] for step in re.split(r" , to | , ", rest)])


def solve_food(prompt):
    eats = dict(re.findall(r"(\w+) eats (\w+)", prompt))
    eats |= {eater: eaten for eaten, eater in re.findall(r"(\w+) feeds (\w+)", prompt)}
    eats |= {eater: eaten for eaten, eater in re.findall(r"(\w+) is eaten by (\w+)", prompt)}
    if found := re.search(r"what is (\d) steps (up|down) from (\w+) \?", prompt):
        count, side, animal = found.groups()
    else:
        animal, count, side = _ask(prompt, r"from (\w+) go (\d) (up|down)", r"start at (\w+) , find (\d) (up|down)")
    follow = eats if side == "down" else {eaten: eater for eater, eaten in eats.items()}
    for _ in range(int(count)):
        animal = follow[animal]
    return animal


def _follow(links, start):
    while start in links:
        start = links[start]
    return start


def solve_isa(prompt):
    (start,) = _ask(prompt, r"; what is (\w+) \?", r"so what is (\w+) \?", r"^find what (\w+) means : ")
    body = re.sub(r"^find what \w+ means : ", "", prompt)
    links = dict(re.findall(r"(?<!\S)(?:if )?(\w+) (?:is|then|means) (\w+)(?= ;|$)", body))
    return _follow(links, start)


def solve_containment(prompt):
    (start,) = _ask(prompt, r"where is (\w+) \?", r"; find the (\w+)$", r"^find the (\w+) : ")
    links = dict(re.findall(r"(\w+) (?:is in|inside) (\w+)(?= ;|$)", prompt))
    links |= {held: holder for holder, held in re.findall(r"(\w+) holds (\w+)", prompt)}
    return _follow(links, start)


def solve_undo(prompt):
    (who,) = _ask(
        prompt,
        r"how many has (\w+) first \?",
        r"find how many \w+ (\w+) has at first",
        r"find what (\w+) has before",
        r"how many \w+ has (\w+) first \?",
    )
    (total,) = re.findall(rf"(?:now {who} has (\d)|{who} has (\d) at last|at last {who} has (\d))", prompt)
    value = int("".join(total))
    for verb, amount in re.findall(rf"(?<!\S)\w {who} (?:then )?(\w+) (\d)", prompt):
        if verb not in ("has", "then"):
            value -= int(amount) if verb in GAINS else -int(amount)
    return str(value % 10)


def solve_guards(prompt):
    light, variable, value = _ask(prompt, r"(?:light|light is|start) (\w+) ; ([u-z]) (?:=|is|:) (\d)")
    assert _ask(prompt, r"show (\w)$", r"what is (\w) (?:\?|at last)", r"^find (\w) ,") == (variable,)
    value = int(value)
    for line in prompt.split(" ; "):
        words = line.split()
        if words[1:2] in (["light"], ["turn"], ["becomes"]) and len(words) > 2 and len(words[0]) == 1:
            light = words[-1]
        elif words[-1].isdigit() and words[-2] in ("+", "-", "plus", "minus", "add", "take") and words[-3] == light:
            value += int(words[-1]) if words[-2] in ("+", "plus", "add") else -int(words[-1])
    return str(value % 10)


def solve_facing(prompt):
    (asked,) = _ask(
        prompt, r"where is (\w+) \?", r"start at \w+ , find (\w+) :", r"go to (\w+)$", r"where is (\w+) , from"
    )
    sides = {"same": 0, "right": 1, "left": 3}
    faces = dict(re.findall(r"(\w+) (?:faces|:|is|at) (north|east|south|west)", prompt))
    links = [(new, old, turn) for new, turn, old in re.findall(r"(\w+) faces (same|right|left) of (\w+)", prompt)]
    links += re.findall(r"(\w+) with (\w+) turn (same|right|left)", prompt)
    links += [
        (new, old, turn) for old, turn, new in re.findall(r"(\w+) (?:turn )?(same|right|left) (?::|to) (\w+)", prompt)
    ]
    while asked not in faces:
        for new, old, turn in links:
            if old in faces:
                faces[new] = CLOCKWISE[(CLOCKWISE.index(faces[old]) + sides[turn]) % 4]
    return faces[asked]


def solve_most(prompt):
    side, asked = (
        found[0].groups()
        if (found := [*re.finditer(r"which (?:shows|has) (more|less) : ([\w ,]+?)(?: \?|$)", prompt)])
        else _ask(prompt, r"^which is (above|below) , ([\w ]+) \?") if prompt.startswith("which")
        else _ask(prompt, r"^of ([\w ,]+) , which reads (more|less) \?")[::-1]
    )  # fmt: skip
    values = {name: int(value) for name, value in re.findall(r"(\w+) (?:shows|is at|has|reads) (\d)", prompt)}
    names = re.split(r" , | or ", asked)
    return (max if side in ("more", "above") else min)(names, key=values.__getitem__)


def solve_pour(prompt):
    (vessel,) = _ask(
        prompt, r"how many in (\w+) \?", r"^find what (\w+) has", r"what is in (\w+) \?", r"find what (\w+) holds$"
    )
    values = {name: int(value) for name, value in re.findall(r"(?<!\S)(\w+) (?:holds|has) (\d)", prompt)}
    values |= {name: int(value) for name, value in re.findall(r"in (\w+) is (\d)", prompt)}
    flows = [(giver, taker, amount) for amount, giver, taker in re.findall(r"(\d) from (\w+) to (\w+)", prompt)]
    flows += re.findall(r"(\w+) gives (\w+) (\d)", prompt)
    flows += [(giver, taker, amount) for giver, amount, taker in re.findall(r"from (\w+) (\d) to (\w+)", prompt)]
    flows += [(giver, taker, amount) for taker, amount, giver in re.findall(r"(\w+) gets (\d) from (\w+)", prompt)]
    for giver, taker, amount in flows:
        values[giver] -= int(amount)
        values[taker] += int(amount)
    return str(values[vessel] % 10)


def solve_pointers(prompt):
    follow = dict(re.findall(r"(?:^|; |: |after |at )(\w) (?:to|shows|is|go to) (\w)(?= ;|$)", prompt))
    if found := re.search(r"what is (\d) steps from (\w) \?", prompt):
        count, cell = found.groups()
    else:
        cell, count = _ask(prompt, r"from (\w) go (\d) steps", r"start at (\w) , take (\d) steps")
    for _ in range(int(count)):
        cell = follow[cell]
    return cell


SOLVERS = {
    "undo": solve_undo,
    "guards": solve_guards,
    "facing": solve_facing,
    "most": solve_most,
    "pour": solve_pour,
    "pointers": solve_pointers,
    "chains": solve_sum,
    "compare": solve_sum,
    "units": solve_sum,
    "story": solve_story,
    "program": solve_program,
    "grid": solve_grid,
    "swaps": solve_swaps,
    "reactions": solve_reactions,
    "relations": solve_relations,
    "food": solve_food,
    "isa": solve_isa,
    "containment": solve_containment,
}
