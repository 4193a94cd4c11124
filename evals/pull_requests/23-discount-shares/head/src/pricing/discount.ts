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
  const amounts = lines.map((line) => line.quantity * line.unitCents);
  const shares = allocated(Math.min(discountCents, subtotal(lines)), amounts);
  return lines.map((line, index) => ({
    ...line,
    discountCents: shares[index],
    totalCents: amounts[index] - shares[index],
  }));
}

function allocated(cents: number, weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) {
    return weights.map(() => 0);
  }
  const shares = weights.map((weight) => Math.floor((cents * weight) / total));
  const left = cents - shares.reduce((sum, share) => sum + share, 0);
  const lost = weights.map((weight, index) => ({ index, rest: (cents * weight) % total }));
  lost.sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (const { index } of lost.slice(0, left)) {
    shares[index] += 1;
  }
  return shares;
}
