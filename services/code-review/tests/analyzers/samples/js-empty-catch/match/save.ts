try {
  save();
} catch (error: unknown) { } // crivo: match
