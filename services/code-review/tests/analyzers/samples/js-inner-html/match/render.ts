(element as HTMLElement).outerHTML = markup; // crivo: match
