export { QueryRunner, type QueryRunnerProps, type SqlTarget } from "./query-runner";
