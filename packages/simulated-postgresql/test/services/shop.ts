import { cpSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { root, temporaryDirectory } from '../../../testing/src/chaos.ts'

const SHOP = join(root, 'examples', 'simulated-shop')

/** Returns a folder with a copy of the example that uses the packages of this repository. */
export function shop(): string {
  const folder = temporaryDirectory()
  for (const file of ['server.ts', 'schema.sql', 'routes.json']) cpSync(join(SHOP, file), join(folder, file))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}
