import { AwsError } from "../local/gateway/types";
import type { Delivery } from "./queue";
import type { Choices } from "./random";
import { commits, copies, type Rule, records, type WorkerRequest } from "./spoiler";

/** What a fault may do besides spoiling requests. */
export interface RunHands {
  kill(worker: string): Promise<boolean>;
  /** Puts a new version of one of the run's files, with other rows. */
  overwrite(): Promise<void>;
  sweep(): Promise<void>;
  replay(): Promise<void>;
  /** Lets something go on beside the load; the run waits for its end. */
  beside(work: Promise<void>): void;
}

/** What is done to one run. Whatever is left out is as always. */
export interface FaultPlan {
  rules?(hands: RunHands): readonly Rule[];
  /** Events as they came, to what the queue is given. */
  deliver?(events: readonly Delivery[]): readonly Delivery[];
  /** Files that are no rows of the table. @default 0 */
  readonly badFiles?: number;
  /** Files that are overwritten before any event is delivered. @default 0 */
  readonly overwritten?: number;
  /** All messages go to one call. @default false */
  readonly oneBatch?: boolean;
  /** The first batch is given to two workers at once. @default false */
  readonly twoWorkers?: boolean;
  /** Transactions that fail with error 1023 where they record their load, as if another load had come between. @default 0 */
  readonly conflicts?: number;
  /** When the queue is empty. */
  afterwards?(hands: RunHands): Promise<void>;
}

export interface Fault {
  readonly name: string;
  /** What happens, for the table. */
  readonly says: string;
  plan(choices: Choices): FaultPlan;
}

const once = (when: Rule["when"], matches: Rule["matches"], act: Rule["act"]): Rule => ({
  when,
  times: 1,
  matches,
  act,
});

/** The worker dies at the request, which is executed only if it is seen `after` that. */
const killAt = (hands: RunHands, when: Rule["when"], matches: Rule["matches"]): Rule =>
  once(when, matches, async ({ worker }) => {
    await hands.kill(worker);
    return { kind: "drop" };
  });

/** From the `number`th such request on. */
function nth(number: number, matches: Rule["matches"]): Rule["matches"] {
  let seen = 0;
  return (request) => matches(request) && ++seen >= number;
}

const dataApi = ({ service }: WorkerRequest) => service === "redshift-data";
const submits = (request: WorkerRequest) => dataApi(request) && request.action.endsWith("ExecuteStatement");
const ledger = ({ service }: WorkerRequest) => service === "dynamodb";

const error = (code: string, message: string, status: number) => ({
  kind: "error" as const,
  error: new AwsError(code, message, status),
});

/** A random part of the requests, at most so many. */
const sometimes =
  (choices: Choices, part: number, matches: Rule["matches"]): Rule["matches"] =>
  (request) =>
    matches(request) && choices.chance(part);

export const FAULTS: readonly Fault[] = [
  { name: "none", says: "nothing goes wrong", plan: () => ({}) },
  {
    name: "killed-before-copy",
    says: "the worker is killed before its COPY",
    plan: () => ({ rules: (hands) => [killAt(hands, "before", copies)] }),
  },
  {
    name: "killed-in-copy",
    says: "the worker is killed when its COPY has been submitted",
    plan: () => ({ rules: (hands) => [killAt(hands, "after", copies)] }),
  },
  {
    name: "killed-after-copy",
    says: "the worker is killed after its COPY, before the rows are moved",
    plan: () => ({ rules: (hands) => [killAt(hands, "before", commits)] }),
  },
  {
    name: "killed-before-ledger",
    says: "the worker is killed when the transaction has been submitted, before it hears of it",
    plan: () => ({ rules: (hands) => [killAt(hands, "after", commits)] }),
  },
  {
    name: "killed-in-ledger",
    says: "the worker is killed in the middle of writing to the ledger what was loaded",
    plan: (choices) => {
      const at = choices.between(1, 3);
      const when = choices.chance(0.5) ? "before" : "after";
      return { rules: (hands) => [killAt(hands, when, nth(at, records))] };
    },
  },
  {
    name: "killed-in-split",
    says: "the worker is killed while it finds the bad files of a batch",
    plan: (choices) => {
      // The first COPY is that of the whole batch, which fails. Three are found one by one, and (not of Parquet) at once when it fails again.
      const when = choices.chance(0.5) ? "before" : "after";
      return {
        badFiles: choices.between(1, 3),
        oneBatch: true,
        rules: (hands) => [killAt(hands, when, nth(2, copies))],
      };
    },
  },
  {
    name: "events-twice",
    says: "every event comes twice",
    plan: (choices) => ({ deliver: (events) => choices.shuffled([...events, ...events]) }),
  },
  {
    name: "events-late",
    says: "some events come seconds later, some of them twice",
    plan: (choices) => ({
      deliver: (events) =>
        events.flatMap((event) => {
          const late = { ...event, delaySeconds: choices.between(1, 3) };
          return choices.chance(0.3) ? [event, late] : choices.chance(0.5) ? [late] : [event];
        }),
    }),
  },
  {
    name: "events-out-of-order",
    says: "files are overwritten, and the events of both versions come in any order",
    plan: (choices) => ({ overwritten: 2, deliver: (events) => choices.shuffled(events) }),
  },
  {
    name: "events-missing",
    says: "some events never come; the sweep follows",
    plan: (choices) => ({
      deliver: (events) => choices.some(events, Math.floor(events.length / 2)),
      afterwards: (hands) => hands.sweep(),
    }),
  },
  {
    name: "two-workers",
    says: "two workers get the same messages at once",
    plan: () => ({ twoWorkers: true }),
  },
  {
    name: "ledger-throttled",
    says: "the ledger refuses part of its requests",
    plan: (choices) => ({
      rules: () => [
        {
          when: "before",
          times: choices.between(3, 12),
          matches: sometimes(choices, 0.5, ledger),
          act: () =>
            error(
              "ProvisionedThroughputExceededException",
              "The level of configured provisioned throughput for the table was exceeded.",
              400,
            ),
        },
      ],
    }),
  },
  {
    name: "data-api-5xx",
    says: "the Data API answers 500 and runs nothing",
    plan: (choices) => ({
      rules: () => [
        {
          when: "before",
          times: choices.between(1, 8),
          matches: sometimes(choices, 0.5, dataApi),
          act: () => error("InternalServerException", "The API operation failed due to invalid input.", 500),
        },
      ],
    }),
  },
  {
    name: "data-api-no-answer",
    says: "the Data API runs the statement and its answer is lost",
    plan: (choices) => ({
      rules: () => [
        {
          when: "after",
          times: choices.between(1, 4),
          matches: sometimes(choices, 0.7, submits),
          act: () => ({ kind: "drop" }),
        },
      ],
    }),
  },
  {
    name: "data-api-twice",
    says: "requests to the Data API arrive twice",
    plan: () => ({ rules: () => [{ when: "before", times: 50, matches: submits, act: () => ({ kind: "twice" }) }] }),
  },
  {
    name: "commit-conflict",
    says: "transactions that move rows fail with error 1023, as another load is recorded at the same time",
    // Six tries a load: seven let one batch be given up and come again.
    plan: (choices) => ({ conflicts: choices.chance(0.25) ? 7 : choices.between(1, 4) }),
  },
  {
    name: "overwritten",
    says: "a file is overwritten while it is loaded",
    plan: (choices) => {
      const [when, at] = choices.chance(0.5) ? (["before", copies] as const) : (["before", commits] as const);
      return {
        rules: (hands) => [
          once(when, at, async () => {
            await hands.overwrite();
            return undefined;
          }),
        ],
      };
    },
  },
  {
    name: "schedule-twice",
    says: "events are missing and the schedule fires twice at once",
    plan: (choices) => ({
      deliver: (events) => choices.some(events, Math.floor(events.length / 3)),
      afterwards: async (hands) => {
        await Promise.all([hands.sweep(), hands.sweep()]);
      },
    }),
  },
  {
    name: "sweep-in-load",
    says: "the sweep runs during a load",
    plan: () => ({
      rules: (hands) => [
        once("before", copies, async () => {
          await hands.sweep();
          return undefined;
        }),
      ],
    }),
  },
  {
    name: "replay-in-load",
    says: "the hour is replayed during a load",
    plan: () => ({
      rules: (hands) => [
        once("before", copies, () => {
          hands.beside(hands.replay());
          return undefined;
        }),
      ],
    }),
  },
];
