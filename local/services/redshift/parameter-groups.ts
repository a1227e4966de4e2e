import { AwsError } from "../../gateway/types";
import { Members, type Parameters, type Xml } from "./query";
import type { Tags } from "./tags";

interface Definition {
  readonly default: string;
  readonly type: "boolean" | "integer" | "string";
  /** As DescribeClusterParameters shows them; checked when they are a list or a range. */
  readonly allowed?: string;
  readonly apply: "static" | "dynamic";
}

/** https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-parameter-groups.html */
const COMMON: Readonly<Record<string, Definition>> = {
  auto_analyze: { default: "true", type: "boolean", allowed: "true,false", apply: "static" },
  auto_mv: { default: "true", type: "boolean", allowed: "true,false", apply: "static" },
  datestyle: { default: "ISO, MDY", type: "string", apply: "static" },
  enable_case_sensitive_identifier: { default: "false", type: "boolean", allowed: "true,false", apply: "static" },
  enable_user_activity_logging: { default: "false", type: "boolean", allowed: "true,false", apply: "static" },
  extra_float_digits: { default: "0", type: "integer", allowed: "-15-2", apply: "static" },
  max_concurrency_scaling_clusters: { default: "1", type: "integer", allowed: "0-10", apply: "dynamic" },
  max_cursor_result_set_size: { default: "default", type: "integer", apply: "static" },
  query_group: { default: "default", type: "string", apply: "static" },
  require_ssl: { default: "false", type: "boolean", allowed: "true,false", apply: "static" },
  search_path: { default: "$user, public", type: "string", apply: "static" },
  statement_timeout: { default: "0", type: "integer", allowed: "0,100-2147483647", apply: "static" },
  use_fips_ssl: { default: "false", type: "boolean", allowed: "true,false", apply: "static" },
  wlm_json_configuration: { default: '[{"auto_wlm":true}]', type: "string", apply: "static" },
};

const FAMILIES: Readonly<Record<string, Readonly<Record<string, Definition>>>> = {
  "redshift-1.0": COMMON,
  // In the newer family connections must be encrypted unless it says otherwise.
  "redshift-2.0": { ...COMMON, require_ssl: { ...COMMON.require_ssl!, default: "true" } },
};

interface Group {
  readonly name: string;
  readonly family: string;
  readonly description: string;
  readonly values: Map<string, string>;
}

export class ParameterGroups {
  private readonly groups = new Map<string, Group>();

  constructor(
    private readonly arn: (name: string) => string,
    private readonly tags: Tags,
    private readonly inUse: (name: string) => boolean,
  ) {
    const name = "default.redshift-2.0";
    this.groups.set(name, {
      name,
      family: "redshift-2.0",
      description: "Default parameter group for redshift-2.0",
      values: new Map(),
    });
  }

  create(parameters: Parameters): Xml {
    const name = parameters.require("ParameterGroupName").toLowerCase();
    const family = parameters.require("ParameterGroupFamily");
    if (!FAMILIES[family]) {
      throw new AwsError(
        "InvalidParameterValue",
        `ParameterGroupFamily must be one of ${Object.keys(FAMILIES).join(", ")}, got ${family}`,
      );
    }
    if (!/^[a-z](?:-?[a-z0-9])*$/.test(name) || name.length > 255) {
      throw new AwsError(
        "InvalidParameterValue",
        `ParameterGroupName must be letters, digits and single hyphens, begin with a letter and have at most 255 characters, got ${name}`,
      );
    }
    if (this.groups.has(name))
      throw new AwsError("ClusterParameterGroupAlreadyExists", `Parameter group ${name} already exists`);
    const group = { name, family, description: parameters.require("Description"), values: new Map<string, string>() };
    this.groups.set(name, group);
    this.tags.open(this.arn(name), parameters.structures("Tags"));
    return { ClusterParameterGroup: this.xml(group) };
  }

  describe(parameters: Parameters): Xml {
    const name = parameters.get("ParameterGroupName");
    const groups = name ? [this.find(name)] : [...this.groups.values()];
    return {
      ParameterGroups: new Members(
        "ClusterParameterGroup",
        groups.map((group) => this.xml(group)),
      ),
    };
  }

  /** With Source `user` only what was set; with `engine-default` only what was not. */
  describeParameters(parameters: Parameters): Xml {
    const group = this.find(parameters.require("ParameterGroupName"));
    const source = parameters.get("Source");
    const all = Object.entries(FAMILIES[group.family]!).map(([name, definition]) => ({
      ParameterName: name,
      ParameterValue: group.values.get(name) ?? definition.default,
      Source: group.values.has(name) ? "user" : "engine-default",
      DataType: definition.type,
      AllowedValues: definition.allowed,
      ApplyType: definition.apply,
      IsModifiable: true,
    }));
    return {
      Parameters: new Members(
        "Parameter",
        all.filter((parameter) => !source || parameter.Source === source),
      ),
    };
  }

  modify(parameters: Parameters): Xml {
    const group = this.find(parameters.require("ParameterGroupName"));
    if (group.name.startsWith("default."))
      throw new AwsError("InvalidClusterParameterGroupState", "The default parameter group cannot be modified");
    const changes = parameters
      .structures("Parameters")
      .map(({ ParameterName: name = "", ParameterValue: value = "" }) => {
        checkValue(group.family, name, value);
        return [name, value] as const;
      });
    for (const [name, value] of changes) group.values.set(name, value);
    return this.changed(group.name);
  }

  reset(parameters: Parameters): Xml {
    const group = this.find(parameters.require("ParameterGroupName"));
    if (parameters.boolean("ResetAllParameters")) group.values.clear();
    for (const { ParameterName } of parameters.structures("Parameters")) group.values.delete(ParameterName ?? "");
    return this.changed(group.name);
  }

  delete(parameters: Parameters): undefined {
    const { name } = this.find(parameters.require("ParameterGroupName"));
    if (name.startsWith("default."))
      throw new AwsError("InvalidClusterParameterGroupState", "The default parameter group cannot be deleted");
    if (this.inUse(name))
      throw new AwsError("InvalidClusterParameterGroupState", `Parameter group ${name} is used by a cluster`);
    this.groups.delete(name);
    this.tags.close(this.arn(name));
    return undefined;
  }

  /** @throws AwsError when there is no such group */
  find(name: string): Group {
    const group = this.groups.get(name.toLowerCase());
    if (!group) throw new AwsError("ClusterParameterGroupNotFound", `ParameterGroup not found: ${name}`, 404);
    return group;
  }

  private changed(name: string): Xml {
    return {
      ParameterGroupName: name,
      ParameterGroupStatus:
        "Your parameter group has been updated. If you changed only dynamic parameters, associated clusters are being modified now. If you changed static parameters, all updates, including dynamic parameters, will be applied when you reboot the associated clusters.",
    };
  }

  private xml(group: Group): Xml {
    return {
      ParameterGroupName: group.name,
      ParameterGroupFamily: group.family,
      Description: group.description,
      Tags: this.tags.xml(this.arn(group.name)),
    };
  }
}

function checkValue(family: string, name: string, value: string): void {
  const definition = FAMILIES[family]![name];
  if (!definition) throw new AwsError("InvalidParameterValue", `Could not find parameter with name: ${name}`);
  if (definition.allowed === undefined) return;
  const fits = definition.allowed.split(",").some((part) => {
    const range = /^(-?\d+)-(\d+)$/.exec(part);
    if (!range) return part === value.toLowerCase();
    return /^-?\d+$/.test(value) && Number(value) >= Number(range[1]) && Number(value) <= Number(range[2]);
  });
  if (!fits)
    throw new AwsError(
      "InvalidParameterValue",
      `Invalid parameter value: ${value} for: ${name}, allowed values are: ${definition.allowed}`,
    );
}
