export { LakeCatalog, type LakeCatalogProps } from "./lake-catalog";
export { LakeReader, type LakeReaderProps } from "./lake-reader";
export { columnsOf, type LakeColumn, LakeTable, type LakeTableProps } from "./lake-table";
export { hourlyFolders, hourlyPartitions, type Partitioning, valuePartitions } from "./partitioning";
