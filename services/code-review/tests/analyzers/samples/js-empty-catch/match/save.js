try {
  save();
} catch (error) {} // crivo: match
try {
  load();
} catch {} // crivo: match
try { a(); } catch (e) {} finally { b(); } // crivo: match
