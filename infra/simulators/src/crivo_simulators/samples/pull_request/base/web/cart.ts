export interface Item {
  id: string;
  name: string;
  cents: number;
}

export function total(items: Item[]): number {
  return items.reduce((sum, item) => sum + item.cents, 0);
}

export function legacyBanner(element: HTMLElement, text: string): void {
  element.innerHTML = text;
}
