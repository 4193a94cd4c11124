for (const item of items) await send(item);
