const out: Buffer = execSync(`convert ${file} out.png`); // crivo: match
