// Passwords and keys: a flat YAML file beside the config, 0600, whose values leave the box in no face and no log.
import { dirname, join } from 'node:path'
import { mergeSecrets, parseSecrets } from './config.js'
import { readIfThere, writeWhole } from './whole-file.js'

/** Where the secrets of that configuration file stand. */
export const secretsOf = (config: string) => join(dirname(config), 'secrets.yaml')

/** Of that configuration file: name to value; empty when there is no file. */
export async function readSecrets(config: string): Promise<ReadonlyMap<string, string>> {
  const text = await readIfThere(secretsOf(config))
  return text === undefined ? new Map() : parseSecrets(text, secretsOf(config))
}

/** Sets some of them; comments and the rest of the file stay. */
export async function saveSecrets(config: string, secrets: ReadonlyMap<string, string>): Promise<void> {
  const path = secretsOf(config)
  await writeWhole(path, mergeSecrets((await readIfThere(path)) ?? '', secrets, path), 0o600)
}
