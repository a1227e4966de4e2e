import { randomUUID } from "node:crypto";
import type { LocalAws } from "../../gateway/types";
import { conflict, type Input, invalid, type Json, notFound } from "./json";

const NAME = /^[0-9A-Za-z][0-9A-Za-z-]*$/;

interface Revision {
  readonly created: Date;
  readonly description: string;
  /** `server.properties`, decoded. */
  readonly properties: string;
}

interface Configuration {
  readonly arn: string;
  readonly name: string;
  readonly created: Date;
  readonly kafkaVersions: readonly string[];
  /** The first is revision 1. */
  readonly revisions: Revision[];
}

/** Configurations: named `server.properties` that grow by revisions. https://docs.aws.amazon.com/msk/1.0/apireference/configurations.html */
export class Configurations {
  private readonly byArn = new Map<string, Configuration>();

  constructor(
    private readonly aws: LocalAws,
    private readonly inUse: (arn: string) => boolean,
  ) {}

  create(input: Input): Json {
    const name = input.required("name", input.string("name"));
    if (!NAME.test(name)) throw invalid(`name must be letters, digits and -, not a - first, got ${name}.`);
    if ([...this.byArn.values()].some((one) => one.name === name)) {
      throw conflict(`A configuration with the name ${name} already exists.`);
    }
    const { region, accountId, clock } = this.aws;
    const configuration: Configuration = {
      arn: `arn:aws:kafka:${region}:${accountId}:configuration/${name}/${randomUUID()}-1`,
      name,
      created: clock.now(),
      kafkaVersions: input.strings("kafkaVersions") ?? [],
      revisions: [this.revision(input)],
    };
    this.byArn.set(configuration.arn, configuration);
    return describe(configuration);
  }

  update(arn: string, input: Input): Json {
    const configuration = this.find(arn);
    configuration.revisions.push(this.revision(input));
    return { arn, latestRevision: latestOf(configuration) };
  }

  delete(arn: string): Json {
    this.find(arn);
    if (this.inUse(arn)) throw invalid(`Configuration ${arn} is used by a cluster.`);
    this.byArn.delete(arn);
    return { arn, state: "DELETING" };
  }

  describe(arn: string): Json {
    return describe(this.find(arn));
  }

  describeRevision(arn: string, number: string): Json {
    const revision = this.revisionOf(arn, Number(number));
    return {
      arn,
      revision: Number(number),
      creationTime: revision.created.toISOString(),
      description: revision.description,
      serverProperties: Buffer.from(revision.properties).toString("base64"),
    };
  }

  revisions(arn: string): Json {
    return { revisions: this.find(arn).revisions.map((_, index) => shortOf(this.find(arn), index + 1)) };
  }

  list(): Json {
    return { configurations: [...this.byArn.values()].map(describe) };
  }

  /** `server.properties` of one revision, for the brokers. */
  propertiesOf(arn: string, number: number): string {
    return this.revisionOf(arn, number).properties;
  }

  private revisionOf(arn: string, number: number): Revision {
    const revision = this.find(arn).revisions[number - 1];
    if (!revision) throw notFound(`Configuration ${arn} has no revision ${number}.`);
    return revision;
  }

  private find(arn: string): Configuration {
    const configuration = this.byArn.get(arn);
    // Not a NotFoundException: so MSK answers, and by these words Terraform's provider knows that it is gone.
    if (!configuration) throw invalid(`Configuration ARN does not exist: ${arn}`);
    return configuration;
  }

  private revision(input: Input): Revision {
    const encoded = input.required("serverProperties", input.string("serverProperties"));
    const properties = Buffer.from(encoded, "base64").toString("utf8");
    const wrong = properties.split("\n").find((line) => !/^\s*(#.*)?$/.test(line) && !/^\s*[\w.-]+\s*=/.test(line));
    if (wrong !== undefined) throw invalid(`serverProperties must be a name=value a line, got ${wrong}.`);
    return { created: this.aws.clock.now(), description: input.string("description") ?? "", properties };
  }
}

function shortOf(configuration: Configuration, number: number): Json {
  const { created, description } = configuration.revisions[number - 1]!;
  return { revision: number, creationTime: created.toISOString(), description };
}

const latestOf = (configuration: Configuration) => shortOf(configuration, configuration.revisions.length);

function describe(configuration: Configuration): Json {
  const { arn, name, created, kafkaVersions, revisions } = configuration;
  return {
    arn,
    name,
    creationTime: created.toISOString(),
    description: revisions[0]!.description,
    kafkaVersions,
    latestRevision: latestOf(configuration),
    state: "ACTIVE",
  };
}
