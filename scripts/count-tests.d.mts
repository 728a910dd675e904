// The types of count-tests.mjs, for the test that holds it to its word.

export interface Point {
  readonly name: string
  readonly ok: boolean
  readonly skip: string | boolean
  readonly todo: string | boolean
  readonly ms: number
  readonly points?: readonly Point[]
}
export interface Skip {
  readonly test: string
  readonly reason: string
}
export interface Count {
  readonly passed: number
  readonly failures: readonly { readonly test: string; readonly words: string }[]
  readonly skips: readonly Skip[]
}
export function readTap(onFile: (file: Point) => void): { write(chunk: string): void; end(): Promise<unknown> }
export function countFile(file: Point): Count
export function listedSkips(markdown: string): (file: string, skip: Skip) => boolean
