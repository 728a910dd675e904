// Functions of C libraries, each called on a thread of the pool, since a device behind one may hold its answer back:
// the only file that calls into C.
import koffi from 'koffi'

/** A number, an address, or memory that C may read and write, which lives as long as the call. */
export type Word = number | bigint | Uint8Array

/** What a function answered, and the errno it left behind. */
export interface Returned {
  /** A text where the result is `char *`, else a number. */
  readonly value: unknown
  readonly errno: number
}

export type CFunction = (...words: readonly Word[]) => Promise<Returned>

export interface CLibrary {
  /**
   * @param result C's type: `int`, `long`, `char *` for a text, any other pointer for an address
   * @param parameters C's types; whatever is a pointer takes memory or an address
   * @throws Error when the library has no such function
   */
  find(name: string, result: string, parameters: readonly string[]): CFunction
  /** The same for what never waits, called at once. */
  findNow(name: string, result: string, parameters: readonly string[]): (...words: readonly Word[]) => Returned
}

/** A pointer is a word like another, in the same register on arm64, arm and x64 Linux. */
const address = 'uintptr_t'
const isPointer = (type: string) => type.endsWith('*')
const passed = (word: Word) => (word instanceof Uint8Array ? koffi.address(word) : word)

/** @throws Error in the words of the dynamic linker */
export function loadLibrary(file: string): CLibrary {
  const library = koffi.load(file)
  const typed = (name: string, result: string, parameters: readonly string[]) => {
    const words = parameters.map(type => (isPointer(type) ? address : type))
    const answer = result === 'char *' ? 'const char *' : isPointer(result) ? address : result
    return library.func(name, answer, words)
  }
  return {
    find(...given) {
      const call = typed(...given)
      return (...words) =>
        new Promise((settle, reject) => {
          call.async(...words.map(passed), (error: Error | null, value: unknown) => {
            // The memory is named here so that it lives as long as the call.
            if (error) reject(new Error(`${given[0]} with ${words.length} words: ${error.message}`, { cause: error }))
            else settle({ value, errno: koffi.errno() })
          })
        })
    },
    findNow(...given) {
      const call = typed(...given)
      return (...words) => {
        const value: unknown = call(...words.map(passed))
        return { value, errno: koffi.errno() }
      }
    },
  }
}

/** `ENOENT` for 2. Some numbers have two names (EAGAIN is EWOULDBLOCK too): the first by the alphabet is in use. */
export function errnoName(errno: number): string {
  const names = Object.entries(koffi.os.errno).filter(([, number]) => number === errno)
  return names.map(([name]) => name).sort()[0] ?? 'EIO'
}

/** Where a piece of memory lies, for a struct that points to it; it must stay referenced meanwhile. */
export const addressOf = (memory: Uint8Array): bigint => BigInt(koffi.address(memory))

/** The bytes at an address that C gave us, seen and not copied; they must not outlive what they lie in. */
export const bytesAt = (at: number | bigint, byteLength: number): Uint8Array =>
  new Uint8Array(koffi.view(at as never, byteLength))
