// The newest picture of each name, in memory only.
import type { Pictures, TaggedPicture } from '../ports/pictures.js'

export function createPictures(): Pictures {
  const latest = new Map<string, TaggedPicture>()
  const versions = new Map<string, number>()
  const listeners = new Set<{ name: string | undefined; hear: (picture: TaggedPicture) => void }>()
  return {
    put(name, picture) {
      const version = (versions.get(name) ?? 0) + 1
      versions.set(name, version)
      const tagged: TaggedPicture = { ...picture, name, version }
      latest.set(name, tagged)
      for (const listener of [...listeners]) if (!listener.name || listener.name === name) listener.hear(tagged)
    },
    latest: name => latest.get(name),
    all: () => [...latest.values()],
    drop: name => void latest.delete(name),
    listen(hear, name) {
      const listener = { name, hear }
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
