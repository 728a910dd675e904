// Counts the starts of the agent on this data folder.
import type { Database } from './sqlite.js'

const kept = 1000

export function countBoot(database: Database, nowMs: number): number {
  const insert = database.prepare('INSERT INTO boot (started_ms) VALUES (:nowMs)')
  const prune = database.prepare('DELETE FROM boot WHERE boot <= :boot')
  return database.atomically(() => {
    const { rowId } = insert.run({ nowMs })
    prune.run({ boot: rowId - kept })
    return rowId
  })
}
