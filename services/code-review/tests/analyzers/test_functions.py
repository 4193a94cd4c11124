"""Where functions are, by the real ast-grep: each line that begins one is marked with its last."""

import re

import pytest
from code_review.application.ports import AnalyzerFailed, Functions
from code_review.infrastructure.analyzers.function_rules import SUFFIXES
from code_review.infrastructure.analyzers.functions import (
    MOST_CHARACTERS_OF_A_FILE,
    AstGrepFunctions,
)
from code_review_analyzers_support.sources import a_file

FUNCTIONS: Functions = AstGrepFunctions(seconds=30)
JAVASCRIPT = """\
function plain() { // 1-3
  return 1;
}
function* many() { yield 1; } // 4-4
const short = (a) => { // 5-7
  return a;
};
const long = function () { return 1; }; // 8-8
const every = function* () { yield 1; }; // 9-9
class Cart {
  total = 1;
  add(item) { // 12-14
    return item;
  }
}
"""
TYPESCRIPT = """\
interface Cart { total(): number; }
abstract class Base {
  abstract first(): void;
  async add(item: string): Promise<string> { // 4-6
    return item;
  }
}
const pick = <T,>(all: T[]): T => { // 8-10
  return all[0];
};
"""
SAMPLES = {
    "py": """\
class Cart:
    @property
    def total(self): # 3-6
        def inner(): # 4-5
            return 1
        return inner()
async def add(): # 7-8
    return [x for x in lambda: 1]
""",
    "js": JAVASCRIPT,
    "jsx": JAVASCRIPT + "const View = () => <p>{1}</p>; // 16-16\n",
    "mjs": JAVASCRIPT,
    "cjs": JAVASCRIPT,
    "ts": TYPESCRIPT,
    "mts": TYPESCRIPT,
    "cts": TYPESCRIPT,
    "tsx": TYPESCRIPT + "export function View() { return <p/>; } // 11-11\n",
    "go": """\
package cart
type Cart struct{ n int }
func Add(a int) int { // 3-5
	return a
}
func (c *Cart) Total() int { return c.n } // 6-6
var f = func() { // 7-9
	Add(1)
}
""",
    "rs": """\
struct Cart;
impl Cart {
    #[inline]
    pub fn add(&self) -> u8 { // 4-6
        1
    }
}
async fn total() {} // 8-8
""",
    "java": """\
class Cart {
  static { // 2-4
    load();
  }
  Cart() { // 5-6
  }
  @Override // 7-10
  public int total() {
    return 1;
  }
}
record Pair(int a) {
  Pair { // 13-15
    check(a);
  }
}
""",
    "c": """\
int add(int a);
static int *add(int a) // 2-5
{
  return 0;
}
""",
    "cpp": """\
class Cart {
  Cart() : n(0) {} // 2-2
  int total() const { // 3-5
    return n;
  }
};
template <class T> T Cart::add(T a) { // 7-9
  return a;
}
""",
    "cs": """\
class Cart {
  Cart() { // 2-3
  }
  ~Cart() { } // 4-4
  public int Total { // 5-7
    get { return 1; }
  }
  public int this[int i] => i; // 8-8
  public static Cart operator +(Cart a, Cart b) { return a; } // 9-9
  async Task Add() { // 10-12
    int Inner() { return 1; } // 11-11
  }
}
""",
    "rb": """\
class Cart
  def total # 2-4
    1
  end
  def self.add # 5-6
  end
end
""",
    "php": """\
<?php
function add($a) { // 2-4
  return $a;
}
class Cart {
  public function total() { return 1; } // 6-6
}
$f = function () { // 8-10
  return 1;
};
""",
    "kt": """\
class Cart {
  init { // 2-4
    load()
  }
  constructor(a: Int) : this() { } // 5-5
  fun total(): Int { // 6-8
    return 1
  }
}
fun add() = 1 // 10-10
""",
    "swift": """\
class Cart {
  init() { // 2-4
    load()
  }
  deinit { } // 5-5
  func total() -> Int { // 6-8
    return 1
  }
}
""",
    "scala": """\
class Cart {
  def total: Int = { // 2-4
    1
  }
  def add(a: Int) = a // 5-5
}
""",
    "sh": """\
add() { # 1-3
  echo 1
}
function total { # 4-6
  echo 2
}
""",
    "lua": """\
local function add(a) -- 1-3
  return a
end
function Cart:total() return 1 end -- 4-4
Cart.f = function() -- 5-7
  return 1
end
""",
    "ex": """\
defmodule Cart do
  def total(a) do # 2-4
    a
  end
  defp add(a), do: a # 5-5
  defmacro twice(a) do # 6-8
    a
  end
end
""",
}
SAME = {
    "py": ["pyi"],
    "c": ["h"],
    "cpp": ["cc", "cxx", "hh", "hpp"],
    "kt": ["kts"],
    "scala": ["sc"],
    "sh": ["bash"],
    "ex": ["exs"],
}
PAIRS = [
    *SAMPLES.items(),
    *((other, SAMPLES[one]) for one, others in SAME.items() for other in others),
    *((suffix, JAVASCRIPT) for suffix in ("ts", "tsx")),
]


def marked(content: str) -> list[range]:
    found = re.findall(r" (?:#|//|--) (\d+)-(\d+)$", content, re.M)
    return [range(int(start), int(end) + 1) for start, end in found]


@pytest.mark.parametrize(("suffix", "sample"), PAIRS)
async def test_every_function_of_a_language_is_found_and_nothing_else(
    suffix: str, sample: str
) -> None:
    file = a_file(f"src/cart.{suffix}", sample)
    assert await FUNCTIONS.of([file]) == {file.path: marked(sample)}


def test_every_kind_of_file_it_reads_has_a_sample() -> None:
    assert {f".{suffix}" for suffix, _ in PAIRS} == SUFFIXES


async def test_lines_are_counted_by_their_feeds_alone() -> None:
    content = "x = 1\r\ny = 2  # a\rb\x0c\u2028\ndef f():\r\n    return 1"
    assert await FUNCTIONS.of([a_file("a.py", content)]) == {"a.py": [range(3, 5)]}


async def test_what_it_cannot_read_is_absent_and_what_has_no_function_is_not() -> None:
    files = [
        a_file("README", "def f(): pass\n"),
        a_file("large.py", "#" * (MOST_CHARACTERS_OF_A_FILE + 1)),
        a_file("surrogate.py", "\ud800"),
        a_file("none.py", "x = 1\n"),
        a_file("bom.py", "\ufeffdef f(): pass\n"),
    ]
    assert await FUNCTIONS.of(files) == {"none.py": [], "bom.py": [range(1, 2)]}
    assert await FUNCTIONS.of([]) == {}


@pytest.mark.parametrize("path", ["../../x.py", "/etc/x.py", "a\nb,line=1::.py", "\ud800.py"])
async def test_a_path_is_a_name_and_nothing_else(path: str) -> None:
    file = a_file(path, "def f():\n    pass\n")
    assert await FUNCTIONS.of([file]) == {path: [range(1, 3)]}


async def test_code_cannot_speak_in_the_place_of_the_report() -> None:
    content = (
        'def f():\n    """\n::warning file=f0/module.py,line=7,endLine=9,title=Go::function\n"""\n'
    )
    assert await FUNCTIONS.of([a_file("a.py", content)]) == {"a.py": [range(1, 5)]}


async def test_more_functions_than_anybody_writes_are_no_outline() -> None:
    one = "def f():0\n" * 25_000
    with pytest.raises(AnalyzerFailed, match=r"^the outline of functions wrote more than"):
        await FUNCTIONS.of([a_file(f"{number}.py", one) for number in range(8)])


@pytest.mark.parametrize(
    ("program", "problem"),
    [("/bin/false", "ended with status 1"), ("/bin/echo", "is none")],
)
async def test_a_program_that_breaks_fails_without_a_word_of_the_code(
    program: str, problem: str
) -> None:
    broken = AstGrepFunctions(seconds=30, program=program)
    with pytest.raises(AnalyzerFailed, match=f"^the outline of functions {problem}$"):
        await broken.of([a_file("a.py", "secret = 1\n")])


async def test_a_run_has_its_time() -> None:
    with pytest.raises(
        AnalyzerFailed, match=r"^the outline of functions took longer than 0.001 s$"
    ):
        await AstGrepFunctions(seconds=0.001).of([a_file("a.py", "")])
