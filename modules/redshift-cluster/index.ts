export { RedshiftCluster, type RedshiftClusterProps } from "./redshift-cluster";
