/** A mapping template that API Gateway could not render, or that uses what its reference does not have. A mistake of the API, not of the caller. */
export class TemplateError extends Error {}

/** `$input` was asked for JSON and the request's body is none. A mistake of the caller: API Gateway answers 400. */
export class BodyError extends Error {}
