for item in items:
    if item.expired:
        items.remove(item)  # crivo: match

for key in self.sessions:
    del self.sessions[key]  # crivo: match


def grow(queue):
    for task in queue:
        for child in task.children:
            queue.append(child)  # crivo: match


for name in names:
    names.discard(name.lower())  # crivo: match
    count += 1
