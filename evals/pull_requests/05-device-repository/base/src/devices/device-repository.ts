import type { Knex } from "knex";

export interface Device {
  id: string;
  tenant_id: string;
  name: string;
  serial: string;
  retired_at: Date | null;
}

export class DeviceRepository {
  constructor(private readonly knex: Knex) {}

  async byId(tenantId: string, id: string): Promise<Device | undefined> {
    return this.knex<Device>("devices").where({ tenant_id: tenantId, id }).first();
  }

  async active(tenantId: string): Promise<Device[]> {
    return this.knex<Device>("devices")
      .where({ tenant_id: tenantId })
      .whereNull("retired_at")
      .orderBy("name");
  }

  async rename(tenantId: string, id: string, name: string): Promise<boolean> {
    const changed = await this.knex<Device>("devices")
      .where({ tenant_id: tenantId, id })
      .update({ name });
    return changed > 0;
  }

  async retire(tenantId: string, ids: string[]): Promise<number> {
    return this.knex<Device>("devices")
      .where({ tenant_id: tenantId })
      .whereIn("id", ids)
      .update({ retired_at: this.knex.fn.now() });
  }
}
