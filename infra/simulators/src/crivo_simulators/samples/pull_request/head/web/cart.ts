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

export function render(list: HTMLElement, items: Item[]): void {
  list.innerHTML = items.map((item) => `<li>${item.name}</li>`).join("");
}

export function renderTotal(target: HTMLElement, items: Item[]): void {
  target.textContent = `${(total(items) / 100).toFixed(2)} EUR`;
}

export async function save(items: Item[]): Promise<void> {
  items.forEach(async (item) => {
    await fetch(`/cart/${encodeURIComponent(item.id)}`, { method: "PUT" });
  });
}

export async function load(): Promise<Item[]> {
  const answer = await fetch("/cart");
  if (!answer.ok) {
    throw new Error(`the cart cannot be loaded: ${answer.status}`);
  }
  return (await answer.json()) as Item[];
}

export function discountOf(rule: string, cents: number): number {
  return Number(eval(rule.replace("price", String(cents))));
}

export function page(items: Item[], number: number, size: number): Item[] {
  const first = number * size;
  return items.slice(first, first + size - 1);
}
