spawn("tar", ["xf", name]);
