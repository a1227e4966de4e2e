export { RedshiftServerless, type RedshiftServerlessProps } from "./redshift-serverless";
