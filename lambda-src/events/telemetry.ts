/**
 * The race-car telemetry record, described once: the emitter makes it, the processor reads it, the analytics application's input
 * schema and the warehouse table's columns are checked against it.
 */
const WHEELS = { front_left: "double", front_right: "double", rear_left: "double", rear_right: "double" } as const;

/**
 * Field by field: `int` is a 32-bit integer, `double` a 64-bit float, an object a nested record. In field order of the source script.
 * `speed` in km/h (about 100 to 350), `throttle` and `brakes` 0 to 1, `steering_angle` -1 to 1, `lap_time` in seconds.
 */
export const TELEMETRY = {
  speed: "double",
  rpm: "int",
  gear: "int",
  throttle: "double",
  brakes: "double",
  steering_angle: "double",
  suspension: { ride_height: "double", damper_settings: WHEELS },
  temperatures: { engine: "double", brakes: WHEELS, tires: WHEELS },
  pressures: { engine: "double", brakes: WHEELS, tires: WHEELS },
  fuel_consumption: "double",
  lap_time: "double",
} as const;

export type FieldType = "int" | "double";
export interface RecordShape {
  readonly [field: string]: FieldType | RecordShape;
}

type RecordOf<S> = { readonly [F in keyof S]: S[F] extends FieldType ? number : RecordOf<S[F]> };

/** One reading of a car. */
export type Telemetry = RecordOf<typeof TELEMETRY>;
