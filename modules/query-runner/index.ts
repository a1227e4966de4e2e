export { namesColumn } from "./migration-files";
export { type IamLogin, QueryRunner, type QueryRunnerProps, type SqlTarget } from "./query-runner";
