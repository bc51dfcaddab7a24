import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface ServicePart {
  /**
   * Mounts in the short form. In all Compose programs, a mount in this form replaces another mount at the same place.
   */
  readonly volumes: readonly string[]
  readonly environment?: { readonly [name: string]: string } | undefined
}

/**
 * Writes a Compose file that adds a part to each service. The file is read after the project's own. Returns its path.
 */
export function writeOverride(
  directory: string,
  services: readonly string[],
  partOf: (service: string) => ServicePart,
): string {
  const path = join(directory, 'override.json')
  writeFileSync(path, JSON.stringify({ services: Object.fromEntries(services.map((each) => [each, partOf(each)])) }))
  return path
}
