import { randomUUID } from "node:crypto";
import { invalid } from "./errors";
import type { Input } from "./input";

/** 262,144 bytes: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html */
const MAX_QUERY_BYTES = 262_144;

export interface NamedQuery {
  readonly NamedQueryId: string;
  readonly Name: string;
  readonly Description?: string;
  readonly Database: string;
  readonly QueryString: string;
  readonly WorkGroup: string;
}

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_NamedQuery.html. Names need not be unique. */
export class NamedQueries {
  private readonly byId = new Map<string, NamedQuery>();

  create(input: Input, workgroup: string): NamedQuery {
    const description = input.string("Description");
    const query: NamedQuery = {
      NamedQueryId: randomUUID(),
      Name: checkLength("Name", input.require("Name"), 128),
      ...(description ? { Description: checkLength("Description", description, 1024) } : {}),
      Database: checkLength("Database", input.require("Database"), 255),
      QueryString: checkQuery(input.require("QueryString")),
      WorkGroup: workgroup,
    };
    this.byId.set(query.NamedQueryId, query);
    return query;
  }

  get(id: string): NamedQuery {
    const found = this.byId.get(id);
    if (!found) throw invalid(`NamedQuery ${id} was not found`);
    return found;
  }

  find(id: string): NamedQuery | undefined {
    return this.byId.get(id);
  }

  update(input: Input): void {
    const before = this.get(input.require("NamedQueryId"));
    const description = input.string("Description");
    this.byId.set(before.NamedQueryId, {
      ...before,
      Name: checkLength("Name", input.require("Name"), 128),
      QueryString: checkQuery(input.require("QueryString")),
      ...(description === undefined ? {} : { Description: checkLength("Description", description, 1024) }),
    });
  }

  delete(id: string): void {
    this.get(id);
    this.byId.delete(id);
  }

  of(workgroup: string): NamedQuery[] {
    return [...this.byId.values()].filter(({ WorkGroup }) => WorkGroup === workgroup);
  }
}

export function checkQuery(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_QUERY_BYTES) throw invalid(`QueryString must be at most ${MAX_QUERY_BYTES} bytes, got ${bytes}`);
  return text;
}

function checkLength(name: string, text: string, most: number): string {
  if (text.length > most) throw invalid(`${name} must be at most ${most} characters, got ${text.length}`);
  return text;
}
