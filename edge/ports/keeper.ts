// Outputs with a safe state: what holds them must outlive the agent, so they are held by a process of their own, the
// keeper. Here is what both sides of its pipe, and the boards in its hands, agree on.
import type { Clock } from './clock.js'
import type { JsonObject } from './json.js'

/** What an output is put to; `keep` leaves it as it stands. */
export const outputWords = ['off', 'on', 'keep'] as const
export type OutputWord = (typeof outputWords)[number]

/** The two states a keeper needs to know beforehand; the others are written by whoever decides on them. */
export interface OutputStates {
  /** Written when the output is taken over at the start. */
  readonly start: OutputWord
  /** Written when the agent is gone: its pipe has closed, or it has said nothing for some seconds. */
  readonly loss: OutputWord
  /** It is on only while something watches over it: another keeper never puts it back to on. */
  readonly watched?: boolean
}

/** On or off; or, of an output that has levels, how much, in the unit of its channel. */
export type Level = boolean | number

/** What an output is put to when it is taken over: as the owner wants it, or as it was last seen to stand. */
export type FirstLevel = OutputWord | number

/** What a board says of itself; a channel that is missing cannot be read back, or not yet. */
export interface BoardReading {
  /** Inputs too. */
  readonly on: Readonly<Record<string, boolean>>
  /** Of outputs that have levels, which are not in `on`. */
  readonly levels?: Readonly<Record<string, number>>
  readonly amperes?: Readonly<Record<string, number>>
  /** What else it tells, as fields of the kind `sensor`. */
  readonly facts?: JsonObject
}

/** One board of outputs in the keeper's hands. Its calls never overlap. */
export interface Board {
  read(): Promise<BoardReading>
  /** Settles when it is written and, where the board can be read back, seen to be so: else rejects with `broken`. */
  write(channel: string, on: boolean): Promise<void>
  /** The same for an output that has levels; absent where none has. */
  writeLevel?(channel: string, level: number): Promise<void>
  /** Called when something changed that nobody ordered: it is then read. Absent where a board is only asked. */
  onChange?(listener: () => void): void
  /** Releases every handle and leaves the outputs as they are. */
  close(): Promise<void>
}

export interface BoardOrder {
  /** As the driver's schema has checked them. */
  readonly options: JsonObject
  /** Ids of the channels that are used. */
  readonly channels: readonly string[]
  /** What each is to be first: a board that cannot help writing a level when it is opened writes this one. */
  readonly first: Readonly<Record<string, FirstLevel>>
}

/** How a kind of board is opened; rejects with Faults. */
export type OpenBoard = (order: BoardOrder, clock: Clock, signal: AbortSignal) => Promise<Board>

/** What a driver asks for: the board by its kind, and the channels on it. */
export interface KeepOrder {
  readonly board: string
  readonly options: JsonObject
  readonly channels: readonly string[]
}

/** The agent's end: outputs that are safe whatever becomes of it. */
export interface Kept {
  reading(): BoardReading
  /** Settles when the board has done it; rejects with its Fault. */
  set(channel: string, to: Level, signal: AbortSignal): Promise<void>
  /** Called with what was read before, whenever something reads otherwise. */
  onReading(listener: (before: BoardReading) => void): () => void
  /** The outputs stay as they are; the process ends. */
  close(): Promise<void>
}

/** What the agent writes, one JSON line each. */
export type ToKeeper =
  | (BoardOrder & {
      readonly do: 'open'
      readonly board: string
      readonly loss: Readonly<Record<string, OutputWord>>
    })
  | { readonly do: 'set'; readonly id: number; readonly channel: string; readonly to: Level }
  | { readonly do: 'beat' }
  | { readonly do: 'close' }

/** A Fault as a line carries it. */
export interface ToldFault {
  readonly code: string
  readonly message: string
  readonly fix: string
}

/** What the keeper answers. */
export type FromKeeper =
  | { readonly say: 'beat' | 'reading'; readonly reading: BoardReading }
  /** The board is in its hands; `astray` are channels that did not obey the first order. */
  | { readonly say: 'open'; readonly reading: BoardReading; readonly astray: readonly string[] }
  | { readonly say: 'done'; readonly id: number; readonly reading: BoardReading }
  | { readonly say: 'failed'; readonly id?: number; readonly fault: ToldFault }
  /** The safe states were written, and why. */
  | { readonly say: 'safe'; readonly why: string; readonly reading: BoardReading }
