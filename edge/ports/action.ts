// What a person or program can ask for, declared once; every face derives its own form from the table.
import type { JsonObject } from './json.js'
import type { Claim, Lease } from './lease.js'
import type { z } from './schema.js'

export const roles = ['viewer', 'observer', 'administrator'] as const
export type Role = (typeof roles)[number]

/** Who asks: the token's name and role, and which face it came through. */
export interface Who {
  readonly name: string
  readonly role: Role
  readonly face: 'http' | 'mqtt' | 'cli' | 'inside'
}

export interface Asked<I> {
  readonly input: I
  readonly who: Who
  /** Holds what the action claims. An activity may outlive the call; the runner releases it when `run` settles. */
  readonly lease: Lease
  /** The lease's signal joined with the deadline of a deed. */
  readonly signal: AbortSignal
  /** Where an activity reports: written to `activity/<id>`. Absent for deeds. */
  readonly activity?: ActivityReport
}

export interface ActivityReport {
  readonly id: string
  /** Merges fields into the state at `activity/<id>`. */
  progress(fields: JsonObject): void
}

/** How Home Assistant may show an action; payloads without id and expiry reach only `harmlessWhenLate` ones. */
export interface Entity {
  readonly platform: 'button' | 'switch' | 'number' | 'select'
  /** Input field that the bare payload fills (not for buttons). */
  readonly field?: string
  /** Field of the state at the bound path that shows the present value. */
  readonly shows?: string
  readonly icon?: string
  /** A number, or the field of the state at the bound path that says it. */
  readonly min?: number | string
  readonly max?: number | string
  readonly step?: number
  readonly unit?: string
  readonly diagnostic?: boolean
}

export interface Action<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType> {
  /** `[a-z0-9-]`, noun first: `camera-expose`, `mount-slew`. */
  readonly name: string
  readonly summary: string
  readonly input: I
  readonly output: O
  readonly role: Role
  /**
   * The state paths this action is about, `{field}` naming the input field that a part fills:
   * `power/{device}/{channel}`.
   * Faces expand it over the states that exist at the time. Absent: about the observatory as a whole.
   */
  readonly on?: string
  /** Refuses before anything is claimed or moved: limits, missing devices. Throws Faults. */
  check?(input: z.output<I>): void
  claims(input: z.output<I>): readonly Claim[]
  readonly settles: Deed | Activity
  /**
   * Doing it late does no harm (a light, an abort), so a bare MQTT payload may ask for it; it may depend on what `on`
   * names.
   */
  readonly harmlessWhenLate?: boolean | ((named: Readonly<Record<string, unknown>>) => boolean)
  readonly entity?: Entity
  /** May be asked for before the box is set up, by anybody: it moves nothing and switches nothing. */
  readonly beforeSetUp?: true
  run(asked: Asked<z.output<I>>): Promise<z.output<O>>
}

/** A deed settles within its deadline. */
export interface Deed {
  readonly kind: 'deed'
  readonly deadlineMs: number
}

/** An activity answers its id at once, lives at `activity/<id>` and outlives the asker. */
export interface Activity {
  readonly kind: 'activity'
  /** Whether it can go on by itself after a restart of the agent. */
  readonly resumes: boolean
}

/** @param named at least the input fields that the row's `on` names */
export function harmlessLate({ harmlessWhenLate = false }: Action, named: Readonly<Record<string, unknown>>): boolean {
  return typeof harmlessWhenLate === 'boolean' ? harmlessWhenLate : harmlessWhenLate(named)
}

/** Types the input and output of one row. */
export function action<I extends z.ZodObject, O extends z.ZodType>(row: Action<I, O>): Action {
  return row as unknown as Action
}

export interface Answer {
  /** Output of a deed, or `{id}` of the activity. */
  readonly output: JsonObject
  /** Settles with the activity's output when it ends; for deeds already settled. */
  readonly done: Promise<JsonObject>
}

export interface Actions {
  readonly table: readonly Action[]
  find(name: string): Action
  /** Checks role and input, takes claims, runs. Throws Faults only. */
  ask(name: string, input: unknown, who: Who): Promise<Answer>
  /** Aborts a running activity by id. Throws `not-found`. */
  abort(id: string, reason: Error): Promise<void>
  /** Every binding of `action.on` to the states that exist now; `[{}]` when it has none. */
  bindings(action: Action): { path?: string; input: Record<string, string> }[]
}
