export { contextShim, contextValue, type Facts, noOverrides, type Overrides } from "./context";
export { BodyError, TemplateError } from "./error";
export { render } from "./evaluate";
export { Double, type Json, JsonError, JsonText, parseJson } from "./json";
export { inputShim, NO_PARAMS, type Params, stageVariablesShim, utilShim } from "./variables";
