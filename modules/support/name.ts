import { type IConstruct, Node } from "constructs";

/** A construct id that is unique among the children of one construct, made of the path of another (its stack's id left out). */
export function idOf(construct: IConstruct): string {
  return Node.of(construct).path.split("/").slice(1).join("-");
}
