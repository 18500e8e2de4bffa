from __future__ import annotations

import pytest

from index.sources.archive import parse_xml
from index.sources.office.formulas import mathml_text, omml_text
from tests.documents import OPEN_XML_SPACES


def r(text: str) -> str:
    return f"<m:r><m:t xml:space='preserve'>{text}</m:t></m:r>"


def e(text: str, name: str = "e") -> str:
    return f"<m:{name}>{text if text.startswith('<') else r(text)}</m:{name}>"


def fraction(above: str, below: str) -> str:
    return f"<m:f>{e(above, 'num')}{e(below, 'den')}</m:f>"


def power(base: str, above: str) -> str:
    return f"<m:sSup>{e(base)}{e(above, 'sup')}</m:sSup>"


MATRIX = f"<m:m><m:mr>{e('a')}{e('b')}</m:mr><m:mr>{e('c')}{e('d')}</m:mr></m:m>"

LINES = f"<m:eqArr>{e('&amp;x=1')}{e('&amp;y=2')}</m:eqArr>"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (fraction("1", "2"), "1/2"),
        (fraction("a+b", "2"), "(a+b)/2"),
        (fraction("1", "2πr"), "1/2πr"),
        (fraction("1", "(a+b)(c+d)"), "1/((a+b)(c+d))"),
        (fraction("1", fraction("a", "b")), "1/(a/b)"),
        (r("E=m") + power("c", "2"), "E=mc²"),
        (power("e", "-x"), "e^(-x)"),
        (power("e", "x"), "e^x"),
        (power("x", "n+1"), "x^(n+1)"),
        (power("x", "n"), "xⁿ"),
        (power("f", "′"), "f′"),
        (f"<m:sSub>{e('H')}{e('2', 'sub')}</m:sSub>" + r("O"), "H₂O"),
        (f"<m:sSub>{e('v')}{e('max', 'sub')}</m:sSub>" + r("t"), "v_max t"),
        (fraction("1", "2") + r("mv") + power("v", "2"), "1/2 mvv²"),
        (f"<m:sSubSup>{e('x')}{e('i', 'sub')}{e('2', 'sup')}</m:sSubSup>", "x_i²"),
        (f"<m:rad><m:radPr><m:degHide m:val='1'/></m:radPr><m:deg/>{e('x+1')}</m:rad>", "√(x+1)"),
        (f"<m:rad><m:deg>{r('3')}</m:deg>{e('x')}</m:rad>", "∛(x)"),
        (
            "<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr>"
            f"{e('i=1', 'sub')}{e('n', 'sup')}{e('i')}</m:nary>",
            "∑_(i=1)ⁿ i",
        ),
        (f"<m:nary>{e('0', 'sub')}{e('1', 'sup')}{e('x dx')}</m:nary>", "∫₀¹ x dx"),
        (f"<m:d>{e(MATRIX)}</m:d>", "(a, b; c, d)"),
        (MATRIX, "[a, b; c, d]"),
        (
            f"<m:d><m:dPr><m:begChr m:val='{{'/><m:endChr m:val=''/></m:dPr>{e(LINES)}</m:d>",
            "{x=1; y=2",
        ),
        (f"<m:func>{e('sin', 'fName')}{e('x')}</m:func>", "sin x"),
        (f"<m:limLow>{e('lim')}{e('x→0', 'lim')}</m:limLow>", "lim_(x→0)"),
        (f"<m:acc><m:accPr><m:chr m:val='&#x302;'/></m:accPr>{e('x')}</m:acc>", "x\u0302"),
        (r("a") + f"<w:del>{r('b')}</w:del>" + f"<w:ins>{r('c')}</w:ins>", "ac"),
        (
            "<m:r><m:rPr><m:scr m:val='double-struck'/></m:rPr><m:t>R</m:t></m:r>",
            "ℝ",
        ),
        ("<m:unknown>" + r("x") + "</m:unknown>", "x"),
        ("<m:f/><m:rad/><m:sSup/><m:nary/><m:d/><m:m/><m:acc/>", "/√()∫()[]\u0302"),
    ],
)
def test_office_formulas_are_written_on_a_line(content: str, text: str) -> None:
    root = parse_xml(f"<m:oMath {OPEN_XML_SPACES}>{content}</m:oMath>".encode())
    assert omml_text(root) == text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>", "E = mc²"),
        ("<mn>2</mn><mi>x</mi>", "2x"),
        ("<mi>sin</mi><mi>x</mi>", "sin x"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a+b)/2"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", "√(x+1)"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "∛(x)"),
        (
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi>"
            "</munderover><mi>i</mi>",
            "∑_(i = 1)ⁿ i",
        ),
        (
            "<mo>(</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>0</mn></mtd></mtr></mtable>"
            "<mo>)</mo>",
            "(1, 0)",
        ),
        ("<mover><mi>x</mi><mo>^</mo></mover>", "x\u0302"),
        ("<semantics><mi>x</mi><annotation>NOT SHOWN</annotation></semantics>", "x"),
        ("<mtext>if</mtext><mi>x</mi><mo>&#x2061;</mo><mo>></mo><mn>0</mn>", "if x > 0"),
        ("<mfrac/><msup/><munderover/><mtable/>", "/[]"),
    ],
)
def test_mathml_is_written_on_a_line(content: str, text: str) -> None:
    root = parse_xml(f"<math xmlns='http://www.w3.org/1998/Math/MathML'>{content}</math>".encode())
    assert mathml_text(root) == text
