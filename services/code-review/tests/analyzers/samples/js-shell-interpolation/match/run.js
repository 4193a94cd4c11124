exec(`git log ${branch}`, done); // crivo: match
child_process.execSync("rm -rf " + folder); // crivo: match
cp.exec("tar xf " + name + ".tar"); // crivo: match
