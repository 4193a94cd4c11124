for item in list(items):
    items.remove(item)

for item in items:
    if item.id == wanted:
        items.remove(item)
        break

for item in items:
    kept.append(item)


def drop(items, wanted):
    for item in items:
        if item == wanted:
            items.remove(item)
            return


for key in items.copy():
    del items[key]

for handler in handlers:

    def later():
        handlers.remove(None)
