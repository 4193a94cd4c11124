import type { Knex } from "knex";

export interface Invoice {
  id: string;
  tenant_id: string;
  number: string;
  customer_name: string;
  total_cents: number;
  issued_at: Date;
}

export interface Page {
  limit: number;
  offset: number;
}

export class InvoiceRepository {
  constructor(private readonly knex: Knex) {}

  async byId(tenantId: string, id: string): Promise<Invoice | undefined> {
    return this.knex<Invoice>("invoices").where({ tenant_id: tenantId, id }).first();
  }

  async list(tenantId: string, page: Page): Promise<Invoice[]> {
    return this.knex<Invoice>("invoices")
      .where({ tenant_id: tenantId })
      .orderBy("issued_at", "desc")
      .limit(page.limit)
      .offset(page.offset);
  }

  async add(invoice: Invoice): Promise<void> {
    await this.knex<Invoice>("invoices").insert(invoice);
  }
}
