export { Alarms, type AlarmsProps } from "./alarms";
