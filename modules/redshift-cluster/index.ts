export { RedshiftCluster, type RedshiftClusterProps, type RedshiftTarget } from "./redshift-cluster";
