export interface Line {
  sku: string;
  quantity: number;
  unitCents: number;
}

export interface PricedLine extends Line {
  totalCents: number;
  discountCents: number;
}

export function subtotal(lines: readonly Line[]): number {
  return lines.reduce((sum, line) => sum + line.quantity * line.unitCents, 0);
}

export function priced(lines: readonly Line[], discountCents: number): PricedLine[] {
  const total = subtotal(lines);
  return lines.map((line) => {
    const lineCents = line.quantity * line.unitCents;
    const share = Math.round((discountCents * lineCents) / total);
    return { ...line, discountCents: share, totalCents: lineCents - share };
  });
}
