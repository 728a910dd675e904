// The newest picture of each name: latest stack, latest frame, pier cam. Never a queue, never on disk.

export interface TaggedPicture {
  /** `[a-z0-9_-]`: `stack`, `frame`, `pier`. */
  readonly name: string
  readonly bytes: Uint8Array
  readonly type: 'image/jpeg' | 'image/png'
  /** When its light was caught (the last of it, for a stack), Unix ms UTC. */
  readonly atMs: number
  /** Rises with every picture of that name; an ETag. */
  readonly version: number
  /** What it is of: exposure id, stack id. */
  readonly of?: string
  readonly width?: number
  readonly height?: number
}

export interface Pictures {
  put(name: string, picture: Omit<TaggedPicture, 'name' | 'version'>): void
  latest(name: string): TaggedPicture | undefined
  /** The newest of every name there is. */
  all(): readonly TaggedPicture[]
  drop(name: string): void
  /** Called with every new picture of `name`, or of any when absent. */
  listen(listener: (picture: TaggedPicture) => void, name?: string): () => void
}
