export { migrate, type OpenWarehouse, openWarehouse } from "../../../../bench/orders/warehouse";
