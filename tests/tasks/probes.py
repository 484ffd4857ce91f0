"""Guessers without reasoning: what a reader who only counts words and places could get right."""

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import RidgeClassifier

NUM_ROUNDS = 150  # of gradient descent
NUM_ENDS = 12  # words at each end whose place the linear probe sees


def positions(problem):
    """For each choice, where it stands in the prompt."""
    words = problem.prompt.split(" ")
    return [[i for i, word in enumerate(words) if word == choice] for choice in problem.choices]


def guess_first(problem):
    return problem.choices[int(np.argmin([where[0] if where else 10**6 for where in positions(problem)]))]


def guess_last(problem):
    return problem.choices[int(np.argmax([where[-1] if where else -1 for where in positions(problem)]))]


def guess_most_frequent(problem):
    return problem.choices[int(np.argmax([len(where) for where in positions(problem)]))]


def guess_least_frequent(problem):
    """Least, but at all, mentioned."""
    return problem.choices[int(np.argmin([len(where) or 10**6 for where in positions(problem)]))]


def guess_only_once(problem):
    """The last of those that are said once."""
    once = [where[0] if len(where) == 1 else -1 for where in positions(problem)]
    return problem.choices[int(np.argmax(once))]


SIMPLE = (guess_first, guess_last, guess_most_frequent, guess_least_frequent, guess_only_once)


def accuracy(guess, problems):
    return float(np.mean([guess(problem) == problem.answer for problem in problems]))


def majority(problems):
    """How often the commonest answer, or the commonest index among the choices, is right."""
    _, counts = np.unique([problem.answer for problem in problems], return_counts=True)
    return float(counts.max() / len(problems))


def chance(problems):
    return float(np.mean([1 / len(problem.choices) for problem in problems]))


def bag_of_words(train, test):
    """Multinomial naive Bayes from the prompt's word counts to the answer, kept to the problem's choices."""
    words = {word: i for i, word in enumerate(sorted({w for p in train + test for w in p.prompt.split(" ")}))}
    answers = {answer: i for i, answer in enumerate(sorted({a for p in train + test for a in p.choices}))}
    counts = np.full((len(answers), len(words)), 0.1)
    prior = np.ones(len(answers))
    for problem in train:
        prior[answers[problem.answer]] += 1
        np.add.at(counts[answers[problem.answer]], [words[word] for word in problem.prompt.split(" ")], 1)
    logs = np.log(counts / counts.sum(1, keepdims=True))

    def guess(problem):
        scores = np.log(prior) + logs[:, [words[word] for word in problem.prompt.split(" ")]].sum(1)
        return max(problem.choices, key=lambda choice: scores[answers[choice]])

    return accuracy(guess, test)


def features(problem):
    """What can be counted about each choice, (choices, features): mentions, places, neighbours."""
    words = problem.prompt.split(" ")
    stops = {";", ":", "?", ","}
    ends = [i for i in range(len(words)) if i + 1 == len(words) or words[i + 1] in stops]
    begins = {0, *(i + 1 for i, word in enumerate(words) if word in stops)}
    where = positions(problem)
    counts = [len(places) for places in where]
    rows = []
    for places, count in zip(where, counts, strict=True):
        ending, beginning = len(set(places) & set(ends)), len(set(places) & begins)
        rows.append(
            [
                *(count == k for k in range(6)),
                count / max(1, *counts),
                count == max(counts),
                count == min(counts),
                places[0] / len(words) if places else 0,
                places[-1] / len(words) if places else 0,
                bool(places) and places[0] == min(p[0] for p in where if p),
                bool(places) and places[-1] == max(p[-1] for p in where if p),
                *(ending == k for k in range(3)),
                *(beginning == k for k in range(3)),
                count % 2,
                ending == count,
                beginning == count,
            ]
        )
    return np.array(rows, dtype=float)


def choice_probe(train, test):
    """Conditional logit over the features of the choices, fitted by gradient ascent: the strongest counter of all."""
    # inputs (problem, choice, feature); the others (problem, choice), padded to the most choices
    examples = [(features(p), p.choices.index(p.answer)) for p in train + test]
    most = max(len(x) for x, _ in examples)
    inputs = np.stack([np.pad(x, ((0, most - len(x)), (0, 0))) for x, _ in examples])
    is_choice = np.array([[i < len(x) for i in range(most)] for x, _ in examples])
    answers = np.array([answer for _, answer in examples])
    gold = np.eye(most)[answers]
    fit, weights = slice(0, len(train)), np.zeros(inputs.shape[2])
    for _ in range(NUM_ROUNDS):
        score = np.where(is_choice[fit], inputs[fit] @ weights, -np.inf)
        prob = np.exp(score - score.max(1, keepdims=True))
        prob /= prob.sum(1, keepdims=True)
        weights += np.einsum("ncf,nc->f", inputs[fit], gold[fit] - prob) / len(train) * 2
    held = slice(len(train), None)
    noise = np.random.default_rng(0).random(is_choice[held].shape) * 1e-6  # ties are broken by lot, not by place
    score = np.where(is_choice[held], inputs[held] @ weights + noise, -np.inf)
    return float((score.argmax(1) == answers[held]).mean())


def linear_probe(train, test):
    """Ridge regression (scikit-learn) from the question to the answer, kept to the problem's choices.

    It sees how often each word is said, and which words stand at which of the first and last places.
    """
    vectors, probe = DictVectorizer(), RidgeClassifier(alpha=10.0, solver="sparse_cg", tol=1e-2)
    probe.fit(vectors.fit_transform([_question(p) for p in train]), [p.answer for p in train])
    columns = {answer: i for i, answer in enumerate(probe.classes_)}
    scores = probe.decision_function(vectors.transform([_question(p) for p in test]))
    right = [
        max(p.choices, key=lambda choice, row=row: row[columns[choice]] if choice in columns else -np.inf) == p.answer
        for p, row in zip(test, scores, strict=True)
    ]
    return float(np.mean(right))


def _question(problem):
    words = problem.prompt.split(" ")
    counts = dict.fromkeys(words, 0)
    for word in words:
        counts[word] += 1
    first = {f"first {i} {word}": 1 for i, word in enumerate(words[:NUM_ENDS])}
    return counts | first | {f"last {i} {word}": 1 for i, word in enumerate(words[: -NUM_ENDS - 1 : -1])}
