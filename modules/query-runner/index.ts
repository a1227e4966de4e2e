export { type IamLogin, QueryRunner, type QueryRunnerProps, type SqlTarget } from "./query-runner";
