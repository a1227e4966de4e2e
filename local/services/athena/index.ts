export { createAthena } from "./service";
