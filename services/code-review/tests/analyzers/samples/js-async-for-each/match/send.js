items.forEach(async (item) => { // crivo: match
  await send(item);
});
users.filter(active).forEach(async function (user) { await notify(user); }); // crivo: match
rows.forEach(async row => store(row)); // crivo: match
