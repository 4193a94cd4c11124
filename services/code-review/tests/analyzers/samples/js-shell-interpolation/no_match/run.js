exec("git log", done);
execFile("git", ["log", branch], done);
const found = /a(b)/.exec(`x ${text}`);
pattern.exec("a" + text);
execSync("npm ci " + "--silent");
exec(`ls`, { cwd: `${folder}` });
