files?.forEach(async (file: File): Promise<void> => { await upload(file); }); // crivo: match
