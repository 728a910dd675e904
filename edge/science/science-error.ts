// What science throws when its input cannot be worked with at all; outcomes of the sky are returned instead.

export class ScienceError extends Error {
  override readonly name = 'ScienceError'
  /** @param what names the card, array or angle that is wrong, with the value */
  constructor(what: string, options?: { cause?: unknown }) {
    super(what, options)
  }
}
