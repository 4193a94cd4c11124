const total = eval(expression); // crivo: match
window.eval("total = " + input); // crivo: match
const add = new Function("a", "b", body); // crivo: match
