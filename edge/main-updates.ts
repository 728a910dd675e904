// How the box is brought to another version, on Pierside's own image.
import { join } from 'node:path'
import { rauc } from './drivers/own/rauc.js'
import { updateFetch } from './drivers/own/update-fetch.js'
import { updateFiles } from './drivers/own/update-files.js'
import { type UpdatesParts, type UpdatesService, updatesService } from './services/updates.js'
import { migrations } from './store/migrations.data.js'

/** @param folder of all that is kept */
export function boxUpdates(
  parts: Omit<UpdatesParts, 'updates' | 'data'> & { readonly folder: string },
): UpdatesService {
  const { clock, log } = parts
  const folder = join(parts.folder, 'updates')
  const updates = { ...updateFiles({ folder, clock }), ...rauc({ clock, log }), fetch: updateFetch({ folder, clock }) }
  return updatesService({ ...parts, updates, data: migrations.length })
}
