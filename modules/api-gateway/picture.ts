import { Fn, type TerraformResource } from "cdktf";

/**
 * The named attributes of an applied resource, for the hash that a deployment is taken anew by.
 *
 * Attribute by attribute and only those that we set: the whole resource also holds what the provider fills in when it reads it back,
 * so that the hash of an untouched API would change at the second plan.
 */
export function picture(resource: TerraformResource, ...attributes: readonly string[]): unknown[] {
  return attributes.map((attribute) => resource.interpolationForAttribute(attribute));
}

/** As `picture`, for an attribute that holds JSON, which the provider may write anew in another order. */
export function pictureOfJson(resource: TerraformResource, attribute: string): unknown[] {
  return [Fn.jsondecode(resource.getStringAttribute(attribute))];
}
