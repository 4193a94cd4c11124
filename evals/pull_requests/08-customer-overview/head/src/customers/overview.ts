import type { Invoice, InvoiceStore } from "./invoices";
import type { Payment, PaymentStore } from "./payments";
import type { Ticket, TicketStore } from "./tickets";

export interface CustomerOverview {
  customerId: string;
  invoices: Invoice[];
  payments: Payment[];
  tickets: Ticket[] | null;
  balanceCents: number;
}

export interface Logger {
  warn(message: string, fields: Record<string, unknown>): void;
}

export class CustomerOverviews {
  constructor(
    private readonly invoices: InvoiceStore,
    private readonly payments: PaymentStore,
    private readonly tickets: TicketStore,
    private readonly logger: Logger,
  ) {}

  async overview(customerId: string): Promise<CustomerOverview> {
    const [invoices, payments, tickets] = await Promise.all([
      this.invoices.ofCustomer(customerId),
      this.payments.ofCustomer(customerId),
      this.ticketsOrNull(customerId),
    ]);
    const charged = invoices.reduce((sum, each) => sum + each.totalCents, 0);
    const paid = payments.reduce((sum, each) => sum + each.amountCents, 0);
    return { customerId, invoices, payments, tickets, balanceCents: charged - paid };
  }

  private ticketsOrNull(customerId: string): Promise<Ticket[] | null> {
    return this.tickets.ofCustomer(customerId).catch((problem: unknown) => {
      this.logger.warn("customer_overview.no_tickets", { customerId, problem: String(problem) });
      return null;
    });
  }
}
