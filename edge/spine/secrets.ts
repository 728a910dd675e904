// Passwords and keys: a flat YAML file beside the config, 0600, whose values leave the box in no face and no log.
import { parseSecrets } from './config.js'
import { readIfThere } from './whole-file.js'

/** Name to value; empty when there is no file. */
export async function readSecrets(path: string): Promise<ReadonlyMap<string, string>> {
  const text = await readIfThere(path)
  return text === undefined ? new Map() : parseSecrets(text, path)
}
