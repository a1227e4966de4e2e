export { addressesNeeded } from "./capacity";
export { RedshiftServerless, type RedshiftServerlessProps } from "./redshift-serverless";
