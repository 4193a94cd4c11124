const root = eval("this");
const self = new Function("return this")();
parser.eval(expression);
const text = `eval(${expression})`; // eval(expression)
