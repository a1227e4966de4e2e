import type { Telemetry } from "../../lambda-src/events/telemetry";
import { createRandom } from "./random";

/**
 * Endless telemetry of one car. The same seed gives the same records, byte for byte in JSON, and the first n of them are the same
 * however many are taken.
 *
 * Values are drawn evenly from ranges a race car has; speed from 100 to 350 km/h, so that 3 in 5 records pass a filter at 200.
 */
export function* telemetryRecords(seed: number): Generator<Telemetry> {
  const random = createRandom(seed);
  /** An even draw from [min, max], to `digits` places: no longer text than an instrument would send. */
  const draw = (min: number, max: number, digits: number): number => {
    const scale = 10 ** digits;
    return Math.round((min + random() * (max - min)) * scale) / scale;
  };
  const whole = (min: number, max: number): number => min + Math.floor(random() * (max - min + 1));
  const wheels = (min: number, max: number, digits: number) => ({
    front_left: draw(min, max, digits),
    front_right: draw(min, max, digits),
    rear_left: draw(min, max, digits),
    rear_right: draw(min, max, digits),
  });
  for (;;) {
    yield {
      speed: draw(100, 350, 1),
      rpm: whole(5000, 15000),
      gear: whole(1, 8),
      throttle: draw(0, 1, 2),
      brakes: draw(0, 1, 2),
      steering_angle: draw(-1, 1, 2),
      suspension: { ride_height: draw(30, 60, 1), damper_settings: wheels(1, 10, 1) },
      temperatures: { engine: draw(85, 115, 1), brakes: wheels(200, 900, 1), tires: wheels(70, 120, 1) },
      pressures: { engine: draw(2, 6, 2), brakes: wheels(10, 120, 1), tires: wheels(1.2, 2, 2) },
      fuel_consumption: draw(1.8, 3, 2),
      lap_time: draw(68, 95, 3),
    };
  }
}
