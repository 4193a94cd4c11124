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

  forTenant(tenantId: string): TenantDevices {
    return new TenantDevices(this.knex, tenantId);
  }
}

export class TenantDevices {
  constructor(
    private readonly knex: Knex,
    private readonly tenantId: string,
  ) {}

  async byId(id: string): Promise<Device | undefined> {
    return this.devices().where({ id }).first();
  }

  async active(): Promise<Device[]> {
    return this.devices().whereNull("retired_at").orderBy("name");
  }

  async rename(id: string, name: string): Promise<boolean> {
    const changed = await this.devices().where({ id }).update({ name });
    return changed > 0;
  }

  async retire(ids: string[]): Promise<number> {
    return this.devices()
      .whereIn("id", ids)
      .whereNull("retired_at")
      .update({ retired_at: this.knex.fn.now() });
  }

  private devices() {
    return this.knex<Device>("devices").where({ tenant_id: this.tenantId });
  }
}
