"""Texts that are no formulas: refused with the place pointed at, within bounds on the work, whatever they are."""

import unicodedata

import pytest

from core.expression import MAX_LENGTH, FormulaError, parse, parse_field, parser
from core.expression.parser import MAX_NODES

MISTAKES = [
    ("", "the formula is empty", 1),
    ("   ", "the formula is empty", 1),
    ("-z2 + sin(t))", "unexpected ')' at position 13", 13),
    ("z1 + 2*", "expected a number, a name or '(' after '*' at position 7", 7),
    ("1+(z1", "missing ')' for '(' at position 3", 3),
    ("sin(z1", "missing ')' for '(' at position 4", 4),
    ("sin()", "unexpected ')' at position 5", 5),
    ("2*/3", "unexpected '/' at position 3", 3),
    ("*2", "unexpected '*' at position 1", 1),
    ("z1 z2", "missing '*' before 'z2' at position 4", 4),
    ("2 3", "missing '*' before '3' at position 3", 3),
    ("1.2.3", "missing '*' before '.3' at position 4", 4),
    ("(z1)2", "missing '*' before '2' at position 5", 5),
    ("z1(z2)", "to multiply, write z1*(...)", 1),
    ("mu(z2)", "to multiply, write mu*(...)", 1),
    ("pi(2)", "to multiply, write pi*(...)", 1),
    ("sine(t)", "did you mean sin?", 1),
    ("1+Sin(t)", "did you mean sin?", 3),
    ("arcsin(t)", "did you mean asin?", 1),
    ("foo(t)", "the functions are sin, cos", 1),
    ("sin t", "'sin' needs its argument in parentheses", 1),
    ("sint", "did you mean sin(t)?", 1),
    ("1/2z1", "can be read in two ways", 4),
    ("1/-2z1", "can be read in two ways", 5),
    ("1/(2)(z1)", "can be read in two ways", 6),
    ("2^3z1", "missing '*' before 'z1' at position 4", 4),
    ("2^(3)(4)", "missing '*' before '(' at position 6", 6),
    ("z1²³", "use parentheses", 4),
    ("z1²z2", "missing '*' before 'z2' at position 4", 4),
    ("x+1", "the variables are z1, z2, t", 1),
    ("t+z", "the variables are z1, z2, t", 3),
    ("z1+z3", "the variables are z1, z2, t", 4),
    ("Z1", "did you mean z1? Upper and lower case differ", 1),
    ("PI", "did you mean pi?", 1),
    ("z1z2", "did you mean z1*z2?", 1),
    ("muz1", "write '*' between the factors", 1),
    ("1+a234567890123", "more than 12 characters", 3),
    ("12345678901234567", "more than 16 digits", 1),
    ("1e999", "out of range", 1),
    ("1e-999", "out of range", 1),
    ("1e99999999999999", "out of range", 1),
    ("0e999999999", "out of range", 1),
    ("z1*0.0e-99999999", "out of range", 4),
    ("1/0", "division by zero at position 2", 2),
    ("1/(2-2)", "division by zero at position 2", 2),
    ("log(-1)", "no finite real value", 1),
    ("exp(exp(exp(20)))", "no finite real value", 5),
    ("(-8)^(1/3)", "no finite real value", 5),
    ("z1^21", "the exponent is too large at position 3", 3),
    ("z1^z2", "write exp(b*log(a)) for a^b", 3),
    ("mu^t", "2^t and e^(-t) are allowed", 3),
    ("(-2)^t", "2^t and e^(-t) are allowed", 5),
    ("((z1+1)^12)^12", "the powers become too high at position 12", 12),
    ("(((1+1e-15)^20)^20)^20", "the powers become too high", 16),
    ("((z1^0+1)^20)^20", "the powers become too high", 14),
    ("a+b+c+d+f+g+h", "one parameter too many at position 13", 13),
    ("z2' = 1", 'unexpected "\'" at position 3', 3),
    ("y = 1", "type only the right-hand side", 3),
    ("3,5", "write a decimal point as '.'", 2),
    ("z_1", "write z1 for z with index 1", 2),
]


def refused(text: str) -> FormulaError:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    error = caught.value
    assert 1 <= error.position <= len(text) + 1
    assert len(error.text) <= MAX_LENGTH
    assert len(str(error)) < 300
    assert str(error).isprintable()
    shown, caret = error.pointed().split("\n")
    assert len(shown) <= 62
    assert caret.strip() == "^"
    assert len(caret) <= len(shown) + 1
    return error


@pytest.mark.parametrize(("text", "says", "position"), MISTAKES)
def test_mistakes_are_pointed_at(text, says, position):
    error = refused(text)
    assert says in str(error)
    assert error.position == position
    assert f"at position {position}" in str(error)


def test_the_caret_stands_under_the_mistake():
    assert refused("z1 + (2*t").pointed() == "z1 + (2*t\n     ^"
    long = "z1+" * 40 + ")" + "+z1" * 20
    shown, caret = refused(long).pointed().split("\n")
    assert shown[len(caret) - 1] == ")"
    assert shown[0] == shown[-1] == "…"


ATTACKS = {
    "attribute": "z1.__class__",
    "dunder": "__import__('os').system('id')",
    "dunder name": "__builtins__",
    "call of a call": "sin(t)()",
    "builtins": "open('/etc/passwd')",
    "exec": 'exec("1")',
    "eval": "eval(z1)",
    "lambda": "lambda x: x",
    "lambda without arguments": "(lambda: 1)()",
    "comprehension": "[z1 for z1 in range(9)]",
    "generator": "sum(z1 for t in z2)",
    "walrus": "(z1:=2)",
    "f-string": "f'{z1}'",
    "format": "'%s'%z1",
    "backticks": "`id`",
    "double quotes": '"z1"',
    "semicolon": "z1;z2",
    "newline": "z1\nz2",
    "carriage return": "z1\r",
    "null": "z1\0",
    "null first": "\0",
    "bell": "z1\a",
    "escape": "\x1b[31mz1",
    "comment": "z1#",
    "backslash": "z1\\",
    "latex": r"\input{/etc/passwd}",
    "dollar": "$z1$",
    "html": "<script>",
    "markdown": "[a](b)",
    "index": "z1[0]",
    "set": "{z1}",
    "conditional": "1 if z1 else 2",
    "comparison": "z1<2",
    "and": "z1&z2",
    "or": "z1|z2",
    "not": "~z1",
    "floor": "z1//2",
    "shift": "1<<99999999",
    "matmul": "z1@z2",
    "modulo": "z1%2",
    "ternary power": "9**9**9",
    "power": "9^9^9^9",
    "power of a power": "((9^20)^20)^20",
    "power in an exponent": "2^(9^(9^9))",
    "factorial": "factorial(10**7)",
    "exclamation": "100000!",
    "number of numbers": "9" * 299,
    "infinity": "1e999",
    "exponent": "1e" + "9" * 290,
    "hexadecimal": "0x10",
    "binary": "0b1",
    "octal": "0o7",
    "underscore": "1_000",
    "imaginary": "1j(2)3",
    "ellipsis": "...",
    "point": ".",
    "nesting": "(" * 10**5,
    "closing": ")" * 10**5,
    "nesting within the length": "(" * 299,
    "nested well": "(" * 140 + "z1" + ")" * 140,
    "functions": "sin(" * 70 + "t" + ")" * 10,
    "signs": "-" * 299 + "1",
    "exponents": "2^" * 149 + "1",
    "exponents of one": "1^" * 149 + "1",
    "too many": "1+" * 149 + "1",
    "10 MB": "z1+" * (10**7 // 3),
    "10 MB of spaces": " " * 10**7,
    "10 MB of digits": "9" * 10**7,
    "cyrillic": "sin(\u0430)",
    "full width": "\uff5a1",
    "full width parenthesis": "sin\uff08t\uff09",
    "arabic digits": "\u0661+z1",
    "mathematical digits": "\U0001d7d9",
    "roman numeral": "\u2163",
    "kelvin": "\u212a",
    "long s": "\u017fin(t)",
    "greek omicron": "\u03bf",
    "right to left": "\u202ez1",
    "zero width": "z\u200b1",
    "byte order mark": "\ufeffz1",
    "combining": "z\u03011",
    "combining alone": "\u0301",
    "soft hyphen": "z\u00ad1",
    "surrogate": "\ud800",
    "emoji": "\U0001f600",
    "line separator": "z1\u2028z2",
    "ideographic space": "z1\u3000+z2",
    "superscript alone": "²",
    "superscript 1": "z1\u00b9",
}


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_attacks_are_refused(text):
    refused(text)


@pytest.mark.parametrize("text", [text for text in ATTACKS.values() if len(text) > MAX_LENGTH], ids=lambda t: t[:5])
def test_no_word_of_a_long_text_is_read(text, monkeypatch):
    monkeypatch.setattr(parser, "tokens", lambda text: pytest.fail("read"))
    error = refused(text)
    assert error.position == MAX_LENGTH + 1
    assert error.args[1] == error.text  # nothing else of the text is kept


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_the_work_on_a_refusal_is_bounded(text, monkeypatch):
    words, nodes = 0, 0

    def counted(text, tokens=parser.tokens):
        nonlocal words
        for token in tokens(text):
            words += 1
            yield token

    def node(*args, make=parser.Node):
        nonlocal nodes
        nodes += 1
        return make(*args)

    monkeypatch.setattr(parser, "tokens", counted)
    monkeypatch.setattr(parser, "Node", node)
    refused(text)
    assert words <= MAX_LENGTH + 1
    assert nodes <= MAX_NODES


@pytest.mark.parametrize("text", [None, 1, b"z1", ["z1"], 1.5])
def test_what_is_no_text_is_a_type_error(text):
    with pytest.raises(TypeError, match="str"):
        parse(text)


def test_characters_that_act_on_text_are_never_shown():
    for code in [*range(0x20), 0x7F, *range(0x80, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0xFEFF]:
        if chr(code) == "\t":
            continue
        error = refused(f"z1{chr(code)}")
        assert not any(unicodedata.category(c).startswith("C") for c in str(error) + error.text)
    with pytest.raises(FormulaError) as caught:
        parse_field(["z1", "\u202ez2"])
    assert caught.value.component == 2
    assert caught.value.text == "\ufffdz2"
