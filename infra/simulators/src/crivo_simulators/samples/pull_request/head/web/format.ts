const euro = new Intl.NumberFormat("de-DE", { style: "currency", currency: "EUR" });

export function formatCents(cents: number): string {
  return euro.format(cents / 100);
}

export function parseQuantity(text: string): number {
  const quantity = Number.parseInt(text, 10);
  if (Number.isNaN(quantity) || quantity < 0) {
    throw new RangeError(`not a quantity: ${text}`);
  }
  return quantity;
}
