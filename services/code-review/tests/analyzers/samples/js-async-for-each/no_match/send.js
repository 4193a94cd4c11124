items.forEach((item) => send(item));
await Promise.all(items.map(async (item) => send(item)));
items.forEach((item) => { queue.push(async () => send(item)); });
items.forEach(send, async () => {});
items.forEach((async) => console.log(async));
