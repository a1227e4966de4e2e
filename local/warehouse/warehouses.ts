import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { ObjectStores } from "./copy/files";
import { SqlError } from "./errors";
import { type Outside, Warehouse, type WarehouseSettings } from "./warehouse";

/** A warehouse as the Data API finds it by a Serverless workgroup, with the ARN that policies name. */
export interface Workgroup {
  readonly arn: string;
  readonly warehouse: Warehouse;
}

/** The open warehouses of a run, by the host of their endpoint. */
export class Warehouses {
  /** By workgroup name. The control plane of Serverless keeps it: data belongs to a namespace, and workgroups come and go on it. */
  readonly workgroups = new Map<string, Workgroup>();
  private readonly open = new Map<string, Warehouse>();

  /**
   * @param folder where each warehouse gets a folder named by its host
   * @param stores what COPY reads through; see `s3Stores` of services/redshift
   * @param outside what external schemas stand for; see `kafkaStreams` of local/kafka and `glueLake` of services/redshift
   */
  constructor(
    readonly folder: string,
    private readonly stores: ObjectStores,
    private readonly outside?: Outside,
  ) {}

  /** Creates a warehouse, or opens the one that a former run of the same folder left. */
  async create(settings: Omit<WarehouseSettings, "folder">): Promise<Warehouse> {
    if (this.open.has(settings.host)) throw new SqlError(`a warehouse at ${settings.host} is open already`, "58000");
    const warehouse = await Warehouse.open(
      { ...settings, folder: join(this.folder, settings.host) },
      this.stores,
      this.outside,
    );
    this.open.set(settings.host, warehouse);
    return warehouse;
  }

  at(host: string): Warehouse | undefined {
    return this.open.get(host);
  }

  named(name: string): Warehouse | undefined {
    return this.all().find((warehouse) => warehouse.settings.name === name);
  }

  all(): readonly Warehouse[] {
    return [...this.open.values()];
  }

  /** Deletes a warehouse and its data. */
  async drop(host: string): Promise<void> {
    await this.open.get(host)?.drop();
    this.open.delete(host);
  }

  /** Closes a warehouse and keeps its data under `snapshots/NAME`. */
  async keep(host: string, snapshot: string): Promise<void> {
    const warehouse = this.open.get(host);
    if (!warehouse) return;
    await warehouse.close();
    this.open.delete(host);
    mkdirSync(join(this.folder, "snapshots"), { recursive: true });
    renameSync(warehouse.settings.folder, join(this.folder, "snapshots", snapshot));
  }

  /** Closes all; their files stay. */
  async close(): Promise<void> {
    await Promise.all(this.all().map((warehouse) => warehouse.close()));
    this.open.clear();
  }
}
