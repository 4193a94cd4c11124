const total: number = eval(`${left} + ${right}`); // crivo: match
