import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a Compose file adds to a service. */
interface ServicePart {
  /** In the short form, of which every composing program knows that it replaces what else is mounted there. */
  readonly volumes: readonly string[]
  readonly environment?: { readonly [name: string]: string } | undefined
}

/** Writes a Compose file, to be read after the project's own, that adds a part to each service. Returns its path. */
export function writeOverride(
  directory: string,
  services: readonly string[],
  partOf: (service: string) => ServicePart,
): string {
  const path = join(directory, 'override.json')
  writeFileSync(path, JSON.stringify({ services: Object.fromEntries(services.map((each) => [each, partOf(each)])) }))
  return path
}
