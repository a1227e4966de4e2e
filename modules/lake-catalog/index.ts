export { LakeCatalog, type LakeCatalogProps } from "./lake-catalog";
export { columnsOf, type LakeColumn, LakeTable, type LakeTableProps } from "./lake-table";
export { hourlyFolders, hourlyPartitions, type Partitioning, valuePartitions } from "./partitioning";
